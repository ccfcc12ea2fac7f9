//! Whether events keep the rules that stand on their type, whoever tells them.

use std::collections::BTreeSet;

use crate::ir::{BlockStart, Event};

/// The events of one answer so far.
#[derive(Debug, Default)]
pub struct Rules {
    started: bool,
    ended: bool,
    blocks: Vec<Block>,
    finished: BTreeSet<u32>,
}

#[derive(Debug)]
struct Block {
    choice: u32,
    /// Comes without deltas.
    whole: bool,
    open: bool,
}

impl Rules {
    /// Takes in the next event.
    ///
    /// # Errors
    /// Which rule it breaks, in a sentence.
    pub fn push(&mut self, event: &Event<'_>) -> Result<(), String> {
        let Self { started, ended, blocks, finished } = self;
        let broken = |why: &str| Err(format!("{event:?} {why}"));
        if *ended {
            return broken("after the end");
        }
        let first = matches!(event, Event::Start(_));
        if *started == first && !matches!(event, Event::Error(_)) {
            return broken("beside the start");
        }
        *started |= first;
        match event {
            Event::Start(_) | Event::Usage(_) => {}
            Event::BlockStart { index, choice, block } => {
                if *index as usize != blocks.len() || finished.contains(choice) {
                    return broken("opens out of order");
                }
                if matches!(block, BlockStart::ToolCall { id, name, .. } if id.is_empty() || name.is_empty())
                {
                    return broken("has no id or name");
                }
                let whole = matches!(block, BlockStart::Opaque(_));
                blocks.push(Block { choice: *choice, whole, open: true });
            }
            Event::Delta { index, .. } => match blocks.get(*index as usize) {
                Some(Block { open: true, whole: false, .. }) => {}
                _ => return broken("of a block that takes none"),
            },
            Event::BlockStop { index } => match blocks.get_mut(*index as usize) {
                Some(block) if block.open => block.open = false,
                _ => return broken("of a block that is not open"),
            },
            Event::Finish { choice, .. } => {
                let open = blocks.iter().any(|block| block.choice == *choice && block.open);
                if open || !finished.insert(*choice) {
                    return broken("out of order");
                }
            }
            Event::End => {
                if blocks.iter().any(|block| block.open || !finished.contains(&block.choice)) {
                    return broken("before all is finished");
                }
                *ended = true;
            }
            Event::Error(_) => *ended = true,
        }
        Ok(())
    }
}
