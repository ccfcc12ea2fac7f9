//! Which channel and key a session stays with.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use super::SessionKey;
use crate::config::{ChannelId, KeyId};
use crate::time::Timestamp;

/// A session unused for so long is forgotten.
pub(super) const EXPIRY: Duration = Duration::from_secs(30 * 60);
/// Sessions in one generation; two are kept.
const GENERATION: usize = 16_384;

/// Two generations: what is used moves to the young one, the old one is dropped as a whole when the
/// young one is full or has outlived the expiry. So the size is bounded and no use costs a sweep.
#[derive(Debug, Default)]
pub(super) struct Affinity {
    young: BTreeMap<SessionKey, Bond>,
    old: BTreeMap<SessionKey, Bond>,
    turned_at: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct Bond {
    pub(super) channel: ChannelId,
    pub(super) key: KeyId,
    /// When the attempt began that settled it.
    settled_at: Timestamp,
    used_at: Timestamp,
}

impl Affinity {
    /// The session's bond; asking for it counts as use.
    pub(super) fn touch(&mut self, session: SessionKey, now: Timestamp) -> Option<&Bond> {
        self.turn(now);
        if let Some(bond) = self.old.remove(&session) {
            self.young.entry(session).or_insert(bond);
        }
        if self.young.get(&session).is_some_and(|bond| now.since(bond.used_at) > EXPIRY) {
            self.young.remove(&session);
        }
        let bond = self.young.get_mut(&session)?;
        bond.used_at = now;
        Some(bond)
    }

    /// The session's bond, without counting as use.
    pub(super) fn find(&self, session: SessionKey, now: Timestamp) -> Option<&Bond> {
        let bond = self.young.get(&session).or_else(|| self.old.get(&session))?;
        (now.since(bond.used_at) <= EXPIRY).then_some(bond)
    }

    /// Settles the session on what served it. An attempt older than the one that settled it last does
    /// not move it back.
    pub(super) fn settle(
        &mut self,
        session: SessionKey,
        channel: &ChannelId,
        key: &KeyId,
        begun: Timestamp,
        now: Timestamp,
    ) {
        if self.touch(session, now).is_none_or(|bond| bond.settled_at <= begun) {
            let bond = Bond { channel: channel.clone(), key: key.clone(), settled_at: begun, used_at: now };
            self.young.insert(session, bond);
        }
    }

    fn turn(&mut self, now: Timestamp) {
        if self.young.len() >= GENERATION || now.since(self.turned_at) > EXPIRY {
            self.old = mem::take(&mut self.young);
            self.turned_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: SessionKey = SessionKey(1);

    const fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    fn settle(affinity: &mut Affinity, channel: &str, begun: u64, now: u64) {
        affinity.settle(SESSION, &ChannelId::new(channel), &KeyId::new("k"), at(begun), at(now));
    }

    fn bond(affinity: &mut Affinity, now: u64) -> Option<String> {
        affinity.touch(SESSION, at(now)).map(|bond| bond.channel.to_string())
    }

    #[test]
    fn a_session_in_use_is_kept_and_a_disused_one_forgotten() {
        let mut affinity = Affinity::default();
        settle(&mut affinity, "a", 100, 100);
        let (channel, key) = (ChannelId::new("b"), KeyId::new("k"));
        affinity.settle(SessionKey(2), &channel, &key, at(100), at(100));
        for now in (100..400).step_by(29) {
            assert_eq!(bond(&mut affinity, now).as_deref(), Some("a"), "minute {now}");
            assert!(affinity.touch(SessionKey(2), at(now)).is_some(), "minute {now}");
        }
        assert_eq!(bond(&mut affinity, 500), None);
    }

    #[test]
    fn to_look_and_to_use_agree_on_the_last_moment() {
        for (minute, kept) in [(130, true), (131, false)] {
            let mut affinity = Affinity::default();
            settle(&mut affinity, "a", 100, 100);
            assert_eq!(affinity.find(SESSION, at(minute)).is_some(), kept, "minute {minute}");
            assert_eq!(affinity.touch(SESSION, at(minute)).is_some(), kept, "minute {minute}");
        }
    }

    #[test]
    fn a_late_success_does_not_move_a_session_back() {
        let mut affinity = Affinity::default();
        settle(&mut affinity, "a", 1, 1);
        settle(&mut affinity, "b", 5, 6);
        settle(&mut affinity, "a", 2, 7);
        assert_eq!(bond(&mut affinity, 8).as_deref(), Some("b"));
    }

    #[test]
    fn forgotten_sessions_take_no_room() {
        let mut affinity = Affinity::default();
        for n in 0..100 {
            affinity.settle(SessionKey(n), &ChannelId::new("a"), &KeyId::new("k"), at(100), at(100));
        }
        for now in (131..300).step_by(31) {
            affinity.touch(SESSION, at(now));
        }
        assert_eq!(affinity.young.len() + affinity.old.len(), 0);
    }

    #[test]
    fn the_number_of_sessions_is_bounded() {
        let mut affinity = Affinity::default();
        let (channel, key) = (ChannelId::new("a"), KeyId::new("k"));
        for n in 0..100_000 {
            affinity.settle(SessionKey(n), &channel, &key, at(0), at(0));
        }
        assert!(affinity.young.len() + affinity.old.len() <= 2 * GENERATION);
        assert!(affinity.touch(SessionKey(99_999), at(0)).is_some());
    }
}
