//! What is in order, compiled once for all types.
//!
//! A sort of the standard library's is 4 kB of code for each type that is sorted, and to collect into one of its ordered
//! maps is a sort too. That is more than everything else in a function that sorts a dozen items.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Sorts, and leaves in place what is equal.
pub(crate) fn sort_by<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let order = positions(items.len(), &|left, right| match (items.get(left), items.get(right)) {
        (Some(left), Some(right)) => compare(left, right),
        _ => Ordering::Equal,
    });
    let mut rest: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(order.into_iter().filter_map(|position| rest.get_mut(position)?.take()));
}

pub(crate) fn sort_by_key<T, K: Ord>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
    sort_by(items, |left, right| key(left).cmp(&key(right)));
}

/// Sorts, and keeps one of those that are equal.
pub(crate) fn sort_unique<T: Ord>(items: &mut Vec<T>) {
    sort_by(items, T::cmp);
    items.dedup();
}

/// Of two pairs with the same key the later one counts.
pub(crate) fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(pairs);
    map
}

/// What is known of the blocks or choices of a stream, by their index.
///
/// The values are boxed: so the map underneath is one and the same for all of them.
#[derive(Debug)]
pub(crate) struct ByIndex<T>(BTreeMap<u32, Box<T>>);

impl<T> Default for ByIndex<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> ByIndex<T> {
    pub(crate) fn insert(&mut self, index: u32, value: T) {
        self.0.insert(index, Box::new(value));
    }

    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.0.get(&index).map(AsRef::as_ref)
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.0.get_mut(&index).map(AsMut::as_mut)
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<T> {
        self.0.remove(&index).map(|value| *value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.0.iter().map(|(index, value)| (*index, value.as_ref()))
    }
}

fn positions(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..count).collect();
    positions.sort_by(|left, right| compare(*left, *right));
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_keep_their_order() {
        let mut items: Vec<(u32, String)> = (0..200).map(|n| (n * 7919 % 13, n.to_string())).collect();
        let mut expected = items.clone();
        expected.sort_by_key(|(key, _)| *key);
        sort_by_key(&mut items, |(key, _)| *key);
        assert_eq!(items, expected);
    }

    #[test]
    fn one_of_equal_items_stays() {
        for (mut items, expected) in [(vec![3, 1, 3, 2, 1], vec![1, 2, 3]), (vec![], vec![])] {
            sort_unique(&mut items);
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn the_later_pair_counts() {
        assert_eq!(map([(2, "a"), (1, "b"), (2, "c")]), BTreeMap::from([(1, "b"), (2, "c")]));
    }
}
