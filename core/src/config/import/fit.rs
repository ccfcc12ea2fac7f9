//! Making a channel one that can be stored: what this gateway would refuse is left out, and told.

use super::NotCarried;
use crate::config::document::{ChannelDocument, Document};
use crate::config::outside::Outside;
use crate::config::validate::compile;
use crate::sorted;

/// Entries of lists and tables go one by one; a channel that is wrong elsewhere goes whole, which is `false`.
/// `path` is its place in the file.
pub(super) fn fit(channel: &mut ChannelDocument, path: &str, notes: &mut Vec<NotCarried>) -> bool {
    // What goes may have hidden other problems, such as a second entry of the same name.
    for _ in 0..3 {
        let problems = problems(channel);
        let mut whole = Vec::new();
        for (field, problem) in problems.iter().rev() {
            if leave_out(channel, field) {
                notes.push(NotCarried::new(path, format!("`{field}` {problem}")));
            } else {
                whole.push(format!("`{field}` {problem}"));
            }
        }
        if problems.is_empty() {
            return true;
        }
        if !whole.is_empty() {
            whole.reverse();
            notes.push(NotCarried::new(path, format!("cannot be a channel here: {}", whole.join("; "))));
            return false;
        }
    }
    true
}

/// Field of the channel, and what is wrong with it; higher indices of a list come later.
fn problems(channel: &ChannelDocument) -> Vec<(String, String)> {
    let mut alone = Document { channels: vec![channel.clone()], ..Document::default() };
    let mut count: u32 = 0;
    alone.assign_ids(&mut |bytes| {
        count += 1;
        bytes.iter_mut().zip(count.to_le_bytes()).for_each(|(byte, digit)| *byte = digit);
    });
    let errors = compile(alone, &Outside::default()).err().unwrap_or_default();
    let strip = |path: String| path.strip_prefix("channels[0].").map(ToOwned::to_owned).unwrap_or(path);
    let mut problems: Vec<_> = errors.into_iter().map(|(path, problem)| (strip(path), problem)).collect();
    sorted::sort_by_key(&mut problems, |(path, _)| index(path));
    problems
}

/// Removes the entry that `field` names: `models[3]`, `headers.host`, `keys[0].key`.
fn leave_out(channel: &mut ChannelDocument, field: &str) -> bool {
    if let Some((table, name)) = field.split_once('.')
        && !table.contains('[')
    {
        return match table {
            "headers" => {
                let before = channel.headers.len();
                channel.headers.retain(|header, _| !header.eq_ignore_ascii_case(name));
                channel.headers.len() < before
            }
            "modelMap" => channel.model_map.remove(name).is_some(),
            "contextWindows" => channel.context_windows.remove(name).is_some(),
            _ => false,
        };
    }
    let (Some((list, _)), Some(at)) = (field.split_once('['), index(field)) else { return false };
    match list {
        "models" => remove(&mut channel.models, at),
        "keys" => remove(&mut channel.keys, at),
        "accepts" if channel.accepts.len() > 1 => remove(&mut channel.accepts, at),
        "endpoints" if channel.endpoints.len() > 1 => remove(&mut channel.endpoints, at),
        _ => false,
    }
}

fn remove<T>(list: &mut Vec<T>, at: usize) -> bool {
    let there = at < list.len();
    if there {
        list.remove(at);
    }
    there
}

fn index(field: &str) -> Option<usize> {
    field.split_once('[')?.1.split_once(']')?.0.parse().ok()
}
