//! Shortening a conversation where the upstream cannot do it: a model is asked for a summary.

mod transcript;

use std::borrow::Cow;

use crate::ir::{
    Block, BlockStart, Delta, Event, Item, Message, Output, ReasoningConfig, Request, Role, Sampling,
};
use crate::sorted::ByIndex;

/// What the model is told to do.
const INSTRUCTIONS: &str = "\
You are given the transcript of a conversation between a user and an assistant that works with tools. The \
assistant will go on with the work, but of the transcript it will see nothing but your summary. Write down all \
it needs:
- what the user wants, with every wish, limit and correction, in the user's own words where they matter;
- what was done, found out and decided, and why;
- files, commands, names, addresses, values and errors that are still of use, exactly as they were;
- what is being done right now, and what is left to do.
Leave out what is settled and of no more use. Do not go on with the work, answer nobody and call no tools: \
write the summary only.";

/// Stands after the transcript.
const ASKED: &str = "Write the summary of the conversation above.";

/// Turns a request to shorten its conversation into one for a summary of it. `false`: it is none.
pub fn lower(request: &mut Request) -> bool {
    if !std::mem::take(&mut request.state.compact) {
        return false;
    }
    let transcript = transcript::of(&request.items);
    let asked = format!("<transcript>\n{transcript}</transcript>\n\n{ASKED}");
    request.instructions = vec![Block::text(INSTRUCTIONS)];
    request.items = vec![Item::Message(Message::new(Role::User, vec![Block::text(asked)]))];
    request.tools.clear();
    request.tool_choice = None;
    request.parallel_tool_calls = None;
    request.sampling = Sampling { max_output: request.sampling.max_output, ..Sampling::default() };
    request.reasoning = ReasoningConfig::default();
    request.output = Output::default();
    request.state.context_management = None;
    request.state.truncation = None;
    true
}

/// Makes the text of one answer a compaction.
#[derive(Debug, Default)]
pub struct Raiser {
    next: u32,
    /// The compaction's index, once there is text.
    compaction: Option<u32>,
    open: ByIndex<Piece>,
}

#[derive(Clone, Copy, Debug)]
enum Piece {
    Summary,
    /// Passed on, under the client's index.
    Shown(u32),
}

impl Raiser {
    /// Takes in the next event, and hands on what the client shall see.
    pub fn push(&mut self, event: Event<'_>, each: &mut dyn FnMut(Event<'_>)) {
        match event {
            Event::BlockStart { index, choice, block: BlockStart::Text { .. } } => {
                self.summary(choice, each);
                self.open.insert(index, Piece::Summary);
            }
            Event::BlockStart { index, choice, block: block @ BlockStart::Refusal { .. } } => {
                let shown = self.show(choice, block, each);
                self.open.insert(index, Piece::Shown(shown));
            }
            // Thinking, and whatever else comes beside the summary, is of no use any more.
            Event::BlockStart { .. } => {}
            Event::Delta { index, delta } => match (self.open.get(index), self.compaction, delta) {
                (Some(Piece::Summary), Some(index), text @ Delta::Text(_)) => {
                    each(Event::Delta { index, delta: text });
                }
                (Some(Piece::Shown(index)), _, delta) => each(Event::Delta { index: *index, delta }),
                _ => {}
            },
            Event::BlockStop { index } => {
                if let Some(Piece::Shown(index)) = self.open.remove(index) {
                    each(Event::BlockStop { index });
                }
            }
            last @ (Event::Finish { .. } | Event::End) => {
                if let Some(index) = self.compaction.take() {
                    each(Event::BlockStop { index });
                }
                each(last);
            }
            other @ (Event::Start(_) | Event::Usage(_) | Event::Error(_)) => each(other),
        }
    }

    /// Opens the compaction, or a further paragraph of it.
    fn summary(&mut self, choice: u32, each: &mut dyn FnMut(Event<'_>)) {
        match self.compaction {
            Some(index) => each(Event::Delta { index, delta: Delta::Text(Cow::Borrowed("\n\n")) }),
            None => self.compaction = Some(self.show(choice, BlockStart::Compaction { id: None }, each)),
        }
    }

    fn show(&mut self, choice: u32, block: BlockStart<'_>, each: &mut dyn FnMut(Event<'_>)) -> u32 {
        let index = self.next;
        self.next += 1;
        each(Event::BlockStart { index, choice, block });
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Protocol;
    use crate::ir::{
        Accumulator, Choice, Compaction, Finish, FinishReason, Reasoning, Response, ResultContent, Tool,
        ToolCall, ToolKind, ToolResult, replay,
    };

    fn raised(items: Vec<Item>) -> Vec<Item> {
        let mut response = Response::default();
        response.choices.push(Choice { items, finish: Some(Finish::new(FinishReason::Stop)) });
        let (mut raiser, mut accumulator) = (Raiser::default(), Accumulator::default());
        replay(&response, &mut |event| raiser.push(event, &mut |event| accumulator.push(&event)));
        assert!(accumulator.ended());
        accumulator.into_response().choices.remove(0).items
    }

    #[test]
    fn a_conversation_becomes_a_request_for_its_summary() {
        let mut request = Request::new(Protocol::Responses, "m");
        request.tools = vec![Tool::new("ls", ToolKind::Function { parameters: None, strict: None })];
        request.items = vec![
            Item::Message(Message::new(Role::User, vec![Block::text("List them.")])),
            Item::ToolCall(ToolCall::function("c", "ls", r#"{"path":"."}"#)),
            Item::ToolResult(ToolResult::function("c", ResultContent::Text("x".repeat(100_000)))),
        ];
        let before = request.clone();
        assert!(!lower(&mut request));
        assert_eq!(request, before);
        request.state.compact = true;
        assert!(lower(&mut request));
        assert!(!request.state.compact && request.tools.is_empty());
        let [Item::Message(message)] = &request.items[..] else { panic!() };
        let [Block::Text(text)] = &message.blocks[..] else { panic!() };
        assert!(
            text.text
                .starts_with("<transcript>\n[user]\nList them.\n\n[assistant calls ls]\n{\"path\":\".\"}")
        );
        assert!(text.text.len() < 10_000 && text.text.ends_with(ASKED), "{}", text.text.len());
    }

    #[test]
    fn an_answers_text_becomes_the_summary() {
        let said = |text: &str| Item::Message(Message::new(Role::Assistant, vec![Block::text(text)]));
        let thought = Item::Reasoning(Reasoning { text: Some("Hm.".into()), ..Reasoning::default() });
        let call = Item::ToolCall(ToolCall::function("c", "ls", "{}"));
        let summary = Compaction { summary: Some("One.\n\nTwo.".into()), ..Compaction::default() };
        assert_eq!(raised(vec![thought, said("One."), call, said("Two.")]), [Item::Compaction(summary)]);
        let refused = Item::Message(Message::new(Role::Assistant, vec![Block::Refusal("No.".into())]));
        assert_eq!(raised(vec![refused.clone()]), [refused]);
    }
}
