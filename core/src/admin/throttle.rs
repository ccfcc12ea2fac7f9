//! Slows down whoever guesses keys.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::config::access::Digest;
use crate::time::Timestamp;

/// Wrong keys are counted over this long, and refused for as long.
const WINDOW: Duration = Duration::from_secs(60);
const MAX_WRONG_KEYS: usize = 10;
const MAX_ADDRESSES: usize = 4096;

/// Counts distinct wrong keys by client address, and those of one IPv6 network of 64 bits together: whoever has one
/// address of it has them all. A client that repeats one stale key is not guessing and
/// is never refused; more than ten different ones in a minute shut the address out for a minute.
#[derive(Debug, Default)]
pub struct Throttle {
    addresses: BTreeMap<IpAddr, Guesses>,
}

#[derive(Debug)]
struct Guesses {
    since: Timestamp,
    /// Short hashes of the keys; at most one over the limit.
    keys: Vec<u64>,
    refused_until: Option<Timestamp>,
}

impl Throttle {
    /// How long `address` still is shut out; `None`: it may try.
    pub fn refused(&self, address: IpAddr, now: Timestamp) -> Option<Duration> {
        let until = self.addresses.get(&network(address))?.refused_until?;
        Some(now.until(until)).filter(|wait| !wait.is_zero())
    }

    /// Notes that `address` presented the wrong `key`.
    pub fn note_wrong(&mut self, address: IpAddr, key: &str, now: Timestamp) {
        let address = network(address);
        if !self.addresses.contains_key(&address) {
            self.make_room(now);
        }
        let start = || Guesses { since: now, keys: Vec::new(), refused_until: None };
        let guesses = self.addresses.entry(address).or_insert_with(start);
        if guesses.is_over(now) {
            *guesses = start();
        }
        let key = short_hash(key);
        if !guesses.keys.contains(&key) && guesses.keys.len() <= MAX_WRONG_KEYS {
            guesses.keys.push(key);
        }
        if guesses.keys.len() > MAX_WRONG_KEYS && guesses.refused_until.is_none() {
            guesses.refused_until = Some(now + WINDOW);
        }
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.addresses.len() < MAX_ADDRESSES {
            return;
        }
        self.addresses.retain(|_, guesses| !guesses.is_over(now));
        if self.addresses.len() >= MAX_ADDRESSES {
            let oldest = self.addresses.iter().min_by_key(|(_, guesses)| guesses.since);
            if let Some(address) = oldest.map(|(address, _)| *address) {
                self.addresses.remove(&address);
            }
        }
    }
}

impl Guesses {
    fn is_over(&self, now: Timestamp) -> bool {
        now >= self.refused_until.unwrap_or(self.since + WINDOW)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

fn short_hash(key: &str) -> u64 {
    Digest::of(key).as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn address(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(number).into()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_eleventh_distinct_wrong_key_in_a_minute_shuts_out_for_a_minute() {
        let mut throttle = Throttle::default();
        for guess in 0..10 {
            throttle.note_wrong(A, &format!("guess {guess}"), at(guess));
            assert_eq!(throttle.refused(A, at(guess)), None);
        }
        throttle.note_wrong(A, "one more", at(10));
        assert_eq!(throttle.refused(A, at(10)), Some(Duration::from_secs(60)));
        assert_eq!(throttle.refused(A, at(69)), Some(Duration::from_secs(1)));
        assert_eq!(throttle.refused(A, at(70)), None);
        assert_eq!(throttle.refused(B, at(10)), None);
        throttle.note_wrong(A, "again", at(70));
        assert_eq!(throttle.refused(A, at(70)), None);
    }

    #[test]
    fn the_addresses_of_one_network_guess_together() {
        let mut throttle = Throttle::default();
        let address = |host: u128| IpAddr::from(Ipv6Addr::from_bits((0x2001_0db8 << 96) | host));
        for guess in 0..=10 {
            throttle.note_wrong(address(guess), &format!("guess {guess}"), at(0));
        }
        assert!(throttle.refused(address(99), at(0)).is_some());
        assert_eq!(throttle.refused(address(1 << 64), at(0)), None);
        for guess in 0..=10 {
            let mapped = "::ffff:192.0.2.1".parse().unwrap();
            throttle.note_wrong(mapped, &format!("guess {guess}"), at(0));
        }
        assert!(throttle.refused(A, at(0)).is_some(), "one address has two spellings");
        assert_eq!(throttle.refused(B, at(0)), None);
    }

    #[test]
    fn one_stale_key_is_no_guessing() {
        let mut throttle = Throttle::default();
        for second in 0..1000 {
            throttle.note_wrong(A, "stale", at(second / 50));
        }
        assert_eq!(throttle.refused(A, at(20)), None);
    }

    #[test]
    fn slow_guesses_are_forgotten() {
        let mut throttle = Throttle::default();
        for guess in 0..100 {
            throttle.note_wrong(A, &format!("guess {guess}"), at(guess * 7));
            assert_eq!(throttle.refused(A, at(guess * 7)), None);
        }
    }

    #[test]
    fn addresses_are_bounded_and_the_oldest_goes_first() {
        let mut throttle = Throttle::default();
        for number in 0..=u32::try_from(MAX_ADDRESSES).unwrap() {
            throttle.note_wrong(address(number), "wrong", Timestamp::from_millis(number.into()));
        }
        assert_eq!(throttle.addresses.len(), MAX_ADDRESSES);
        assert!(!throttle.addresses.contains_key(&address(0)));
        throttle.note_wrong(A, "wrong", at(600));
        assert_eq!(throttle.addresses.len(), 1);
    }
}
