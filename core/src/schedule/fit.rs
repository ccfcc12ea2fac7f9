//! Whether a channel's model can do what a request needs.

use super::Needs;
use crate::config::{Channel, Protocol};

/// How well it fits, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    Full,
    /// It gives less output than the request asks for.
    Shortened,
    Misfit(Lack),
}

/// What it cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    /// Hold the prompt.
    Window,
    /// See images, or call tools.
    Capability,
}

/// How the endpoints of `channel` that speak `speaks` fit a request for `model`.
pub(super) fn fit(channel: &Channel, speaks: Protocol, model: &str, needs: &Needs) -> Fit {
    if *needs == Needs::default() {
        return Fit::Full;
    }
    if !channel.context_windows.is_empty() {
        let mapped = channel.model_map.map(model);
        let window = channel.context_windows.get(mapped.as_deref().unwrap_or(model));
        if window.is_some_and(|window| needs.input > *window) {
            return Fit::Misfit(Lack::Window);
        }
    }
    let endpoint = channel.endpoints.iter().find(|endpoint| endpoint.protocol == speaks);
    let Some(compat) = endpoint.map(|endpoint| &endpoint.compat) else { return Fit::Full };
    if needs.vision && compat.vision == Some(false) || needs.tools && compat.tools == Some(false) {
        Fit::Misfit(Lack::Capability)
    } else if compat.max_output.is_some_and(|most| u64::from(needs.output) > most) {
        Fit::Shortened
    } else {
        Fit::Full
    }
}
