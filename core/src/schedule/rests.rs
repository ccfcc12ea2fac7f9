//! What rests after a fault: whole keys, accounts or channels, and single models.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cooldown::{AUTH, Cooldown, FAULT, MODEL, QUOTA, RATE, Terms};
use super::hold::Hold;
use super::{Class, Cooling, ModelKey};
use crate::time::Timestamp;

/// Models that are excluded from one key or channel at once; the one that ends first makes room.
const MAX_MODELS: usize = 32;

/// The faults that rest a key, an account or a channel: whatever the model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rests {
    rate: Cooldown,
    quota: Cooldown,
    auth: Cooldown,
    pub(super) changed_at: Timestamp,
}

impl Rests {
    /// Notes a fault of an attempt that began at `begun`.
    pub(super) fn strike(&mut self, class: Class, begun: Timestamp, told: Option<Duration>, now: Timestamp) {
        let cooldown = match class {
            Class::Auth => &mut self.auth,
            Class::Quota => &mut self.quota,
            _ => &mut self.rate,
        };
        cooldown.strike(terms(class), begun, told, now);
        self.changed_at = now;
    }

    /// Leaves it alone until a limit that was used up is new again.
    pub(super) fn used_up(&mut self, wait: Duration, now: Timestamp) {
        self.rate.rest(&RATE, wait, now);
        self.changed_at = now;
    }

    /// An attempt that began at `begun` served.
    pub(super) fn forgive(&mut self, begun: Timestamp) {
        let forgiven = [&mut self.rate, &mut self.quota, &mut self.auth].map(|one| one.forgive(begun));
        if forgiven.contains(&true) {
            self.changed_at = self.changed_at.max(begun);
        }
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self, now: Timestamp) {
        *self = Self { changed_at: now, ..Self::default() };
    }

    pub(super) fn holds(&self, now: Timestamp) -> [Hold; 3] {
        [self.rate.hold(now), self.quota.hold(now), self.auth.hold(now)]
    }

    /// Whether the upstream refuses the key itself.
    pub(super) fn refused(&self, now: Timestamp) -> bool {
        self.auth.active(now).is_some()
    }

    /// The cooldown that ends last.
    pub(super) fn cooling(&self, now: Timestamp) -> Option<Cooling> {
        [(Class::Rate, &self.rate), (Class::Quota, &self.quota), (Class::Auth, &self.auth)]
            .into_iter()
            .filter_map(|(class, cooldown)| cooldown.active(now).map(|until| Cooling { class, until }))
            .max_by_key(|cooling| cooling.until)
    }
}

/// The models that are excluded from a key or channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Models {
    excluded: Vec<(ModelKey, Cooldown)>,
    pub(super) changed_at: Timestamp,
}

impl Models {
    /// Notes a fault of an attempt that began at `begun`.
    pub(super) fn strike(
        &mut self,
        model: ModelKey,
        class: Class,
        begun: Timestamp,
        told: Option<Duration>,
        now: Timestamp,
    ) {
        let index = self.excluded.iter().position(|(known, _)| *known == model);
        let mut cooldown = index.map(|index| self.excluded.swap_remove(index).1).unwrap_or_default();
        cooldown.strike(terms(class), begun, told, now);
        if self.excluded.len() >= MAX_MODELS {
            let ends = |(_, (_, cooldown)): &(usize, &(ModelKey, Cooldown))| cooldown.end();
            if let Some((first, _)) = self.excluded.iter().enumerate().min_by_key(ends) {
                self.excluded.swap_remove(first);
            }
        }
        self.excluded.push((model, cooldown));
        self.changed_at = now;
    }

    /// An attempt at `model` that began at `begun` served.
    pub(super) fn forgive(&mut self, model: ModelKey, begun: Timestamp) {
        let mut forgiven = false;
        self.excluded.retain_mut(|(known, cooldown)| {
            forgiven |= *known == model && cooldown.forgive(begun);
            !cooldown.is_clear()
        });
        if forgiven {
            self.changed_at = self.changed_at.max(begun);
        }
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self, now: Timestamp) {
        *self = Self { changed_at: now, ..Self::default() };
    }

    pub(super) fn hold(&self, model: ModelKey, now: Timestamp) -> Hold {
        self.excluded
            .iter()
            .find(|(known, _)| *known == model)
            .map_or(Hold::Free, |(_, cooldown)| cooldown.hold(now))
    }

    /// Whether an attempt at `model` that began at `begun` tests it after a fault.
    pub(super) fn tests(&self, model: ModelKey, begun: Timestamp) -> bool {
        self.hold(model, begun) != Hold::Free
    }

    /// Whether some model comes back from a fault.
    pub(super) fn unproven(&self, now: Timestamp) -> bool {
        self.excluded.iter().any(|(_, cooldown)| cooldown.hold(now) == Hold::Unproven)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.excluded.is_empty()
    }

    /// How many are excluded now.
    pub(super) fn count(&self, now: Timestamp) -> usize {
        self.excluded.iter().filter(|(_, cooldown)| cooldown.active(now).is_some()).count()
    }
}

pub(super) const fn terms(class: Class) -> &'static Terms {
    match class {
        Class::Auth => &AUTH,
        Class::Quota => &QUOTA,
        Class::ModelUnavailable => &MODEL,
        Class::Rate => &RATE,
        _ => &FAULT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(secs * 1000)
    }

    #[test]
    fn a_bounded_number_of_models_is_remembered() {
        let mut models = Models::default();
        for n in 0..1_000 {
            models.strike(ModelKey::of(&format!("m{n}")), Class::ModelUnavailable, at(n), None, at(n));
        }
        assert_eq!(models.excluded.len(), MAX_MODELS);
        assert!(matches!(models.hold(ModelKey::of("m999"), at(999)), Hold::Rests { .. }));
        models.forgive(ModelKey::of("m999"), at(1_000));
        assert_eq!(models.hold(ModelKey::of("m999"), at(1_000)), Hold::Free);
        assert_eq!(models.excluded.len(), MAX_MODELS - 1);
    }

    #[test]
    fn each_fault_of_a_model_has_its_own_terms() {
        for (class, told, secs) in [
            (Class::ModelUnavailable, None, 600),
            (Class::ModelUnavailable, Some(5), 600),
            (Class::Rate, None, 15),
            (Class::Rate, Some(5), 5),
            (Class::Quota, None, 600),
            (Class::Quota, Some(7_200), 7_200),
            (Class::ServerError, None, 30),
        ] {
            let (mut models, model) = (Models::default(), ModelKey::of("m"));
            models.strike(model, class, at(0), told.map(Duration::from_secs), at(0));
            let Hold::Rests { until, .. } = models.hold(model, at(0)) else { panic!("{class:?}") };
            assert_eq!(until, at(secs), "{class:?} {told:?}");
            assert_eq!(models.hold(ModelKey::of("other"), at(0)), Hold::Free);
            assert_eq!((models.count(at(secs - 1)), models.count(at(secs))), (1, 0));
        }
    }
}
