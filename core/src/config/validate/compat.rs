//! The compat sheet of a channel, and the presets below it.

use super::Problems;
use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::config::document::ChannelDocument;
use crate::config::preset::{self, Preset};
use crate::config::url::BaseUrl;
use crate::ir::Effort;

/// Without these there is no request.
const ESSENTIAL: [&str; 5] = ["model", "messages", "input", "contents", "stream"];

/// What holds at one endpoint of the channel.
pub(super) fn of(written: &ChannelDocument, protocol: Protocol, base: &BaseUrl) -> Compat {
    let known = preset(written, base).and_then(|preset| preset.compat.get(&protocol));
    known.map_or_else(|| written.compat.clone(), |known| written.compat.over(known))
}

/// The preset that holds at one endpoint of the channel.
pub(super) fn preset(written: &ChannelDocument, base: &BaseUrl) -> Option<&'static Preset> {
    match written.preset.as_deref() {
        Some(name) => preset::named(name),
        None => preset::at(base),
    }
}

pub(super) fn check(written: &ChannelDocument, path: &str, problems: &mut Problems) {
    let named = written.preset.as_deref().filter(|name| *name != preset::NONE);
    if named.is_some_and(|name| preset::named(name).is_none()) {
        problems.add(format!("{path}.preset"), "is not the name of a preset");
    }
    check_sheet(&written.compat, &format!("{path}.compat"), problems);
}

fn check_sheet(sheet: &Compat, path: &str, problems: &mut Problems) {
    if sheet.max_output == Some(0) {
        problems.add(format!("{path}.maxOutput"), "is 0");
    }
    let efforts = sheet.efforts.as_deref();
    if efforts.is_some_and(<[String]>::is_empty) {
        problems.add(
            format!("{path}.efforts"),
            "is empty; an upstream without efforts has another `reasoningStyle`",
        );
    }
    for (index, effort) in efforts.unwrap_or_default().iter().enumerate() {
        if Effort::parse(effort).is_none() {
            let known = Effort::ALL.map(Effort::as_str).join(", ");
            problems.add(format!("{path}.efforts[{index}]"), format!("is none of {known}"));
        }
    }
    if sheet.thought_signature.as_deref() == Some("") {
        problems.add(format!("{path}.thoughtSignature"), "is empty");
    }
    for (index, field) in sheet.omit.iter().enumerate() {
        if field.trim().is_empty() {
            problems.add(format!("{path}.omit[{index}]"), "is empty");
        } else if ESSENTIAL.contains(&field.as_str()) {
            problems.add(format!("{path}.omit[{index}]"), "is a field no request can do without");
        }
    }
    for field in sheet.extra_body.keys().filter(|field| ESSENTIAL.contains(&field.as_str())) {
        problems.add(format!("{path}.extraBody.{field}"), "is set by the gateway");
    }
}
