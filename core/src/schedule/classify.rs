//! What an upstream's answer means.
//!
//! The word of the protocol (status with type or code) goes first, then what single vendors say in their
//! own way, then the text for people, then the bare status. The tables are data: [`codes`], [`texts`].

mod codes;
mod retry_after;
mod texts;

use super::Class;

pub use self::retry_after::retry_after;

/// Plain facts of an upstream's answer; protocol modules extract them.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// 200 or 0 for an error inside an answer that began well.
    pub status: u16,
    /// The error's `type`, or the name Google gives its status.
    pub kind: Option<&'a str>,
    /// The error's `code` or reason, numbers as text.
    pub code: Option<&'a str>,
    /// The text for people.
    pub message: &'a str,
}

/// What an error answer means. It never says [`Class::Success`].
pub fn classify(evidence: &Evidence<'_>) -> Class {
    let text = evidence.message.to_lowercase();
    let class = codes::find(codes::PROTOCOL, evidence)
        .or_else(|| codes::find(codes::VENDOR, evidence))
        .or_else(|| texts::find(evidence.status, &text))
        .unwrap_or_else(|| by_status(evidence.status));
    if class == Class::Quota && texts::is_per_minute(&text) { Class::Rate } else { class }
}

const fn by_status(status: u16) -> Class {
    match status {
        401 | 403 | 407 => Class::Auth,
        402 => Class::Quota,
        404 | 410 => Class::ModelUnavailable,
        408 => Class::Transport,
        429 => Class::Rate,
        451 => Class::ContentPolicy,
        400..=499 => Class::RequestFault,
        529 => Class::Overload,
        300..=399 => Class::BadAnswer,
        _ => Class::ServerError,
    }
}

#[cfg(test)]
mod tests;
