//! Which of the events say something.

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Started,
    Ended,
    ItemAdded,
    ItemDone,
    PartAdded,
    PartDone,
    Text,
    TextDone,
    Annotation,
    Refusal,
    RefusalDone,
    Summary,
    SummaryDone,
    Thought,
    ThoughtDone,
    Arguments,
    ArgumentsDone,
}

impl Kind {
    /// By the event's name. Progress of tools that run at the vendor, and boundaries that deltas tell as
    /// well, say nothing more.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("response.")? {
            "created" | "queued" | "in_progress" => Self::Started,
            "completed" | "incomplete" | "failed" | "cancelled" | "done" => Self::Ended,
            "output_item.added" => Self::ItemAdded,
            "output_item.done" => Self::ItemDone,
            "content_part.added" => Self::PartAdded,
            "content_part.done" => Self::PartDone,
            "output_text.delta" => Self::Text,
            "output_text.done" => Self::TextDone,
            "output_text.annotation.added" => Self::Annotation,
            "refusal.delta" => Self::Refusal,
            "refusal.done" => Self::RefusalDone,
            "reasoning_summary_text.delta" => Self::Summary,
            "reasoning_summary_text.done" => Self::SummaryDone,
            "reasoning_text.delta" => Self::Thought,
            "reasoning_text.done" => Self::ThoughtDone,
            "function_call_arguments.delta" | "custom_tool_call_input.delta" => Self::Arguments,
            "function_call_arguments.done" | "custom_tool_call_input.done" => Self::ArgumentsDone,
            _ => return None,
        })
    }
}
