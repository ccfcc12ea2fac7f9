//! What differs between two documents, for people: secrets are masked.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::document::{Document, tree};
use crate::sorted;

/// A part of the configuration that is not as it was.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub part: Part,
    /// Empty for a part that there is only one of.
    pub id: String,
    pub name: String,
    pub change: Change,
    /// The fields that differ, as they were; secrets masked.
    #[schema(value_type = Object)]
    pub before: Map<String, Value>,
    /// The fields that differ, as they are; secrets masked.
    #[schema(value_type = Object)]
    pub after: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    Channel,
    ClientKey,
    /// The key of the operator.
    AdminKey,
    Settings,
    /// The operator's own.
    Prices,
    /// What bodies are captured; no part of the configuration.
    Capture,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    Added,
    Changed,
    Removed,
}

/// What became of `before` in `after`: changed and added parts in the order of `after`, then what was removed.
pub fn between(before: &Document, after: &Document) -> Vec<Difference> {
    let (mut old, new) = (pieces(before), pieces(after));
    let mut differences = Vec::new();
    for piece in new {
        let same = |other: &Piece| other.part == piece.part && other.id == piece.id;
        let previous = old.iter().position(same).map(|at| old.swap_remove(at));
        let change = if previous.is_some() { Change::Changed } else { Change::Added };
        let previous = previous.unwrap_or_default();
        let difference = piece.since(previous, change);
        differences.extend(difference);
    }
    sorted::sort_by_key(&mut old, |piece| (piece.part as u8, piece.at));
    for piece in old {
        let gone =
            Piece { part: piece.part, id: piece.id.clone(), name: piece.name.clone(), ..Piece::default() };
        differences.extend(gone.since(piece, Change::Removed));
    }
    differences
}

/// One part, as it is stored and as it is shown.
struct Piece {
    part: Part,
    at: usize,
    id: String,
    name: String,
    stored: Map<String, Value>,
    shown: Map<String, Value>,
}

impl Default for Piece {
    fn default() -> Self {
        Self {
            part: Part::Settings,
            at: 0,
            id: String::new(),
            name: String::new(),
            stored: Map::new(),
            shown: Map::new(),
        }
    }
}

impl Piece {
    fn since(self, mut previous: Self, change: Change) -> Option<Difference> {
        let Self { part, id, name, stored, mut shown, .. } = self;
        let same: Vec<String> = stored
            .iter()
            .filter(|(field, value)| previous.stored.get(*field) == Some(value))
            .map(|(field, _)| field.clone())
            .collect();
        for field in same {
            shown.shift_remove(&field);
            previous.shown.shift_remove(&field);
        }
        let differs = !shown.is_empty() || !previous.shown.is_empty();
        differs.then_some(Difference { part, id, name, change, before: previous.shown, after: shown })
    }
}

fn pieces(document: &Document) -> Vec<Piece> {
    let fields = |document: &Document| tree(document).unwrap_or_default();
    let (stored, shown) = (fields(document), fields(&document.masked()));
    let mut pieces = Vec::new();
    let lists = [(Part::Channel, "/channels"), (Part::ClientKey, "/access/clientKeys")];
    for (part, path) in lists {
        let list = |value: &Value| value.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default();
        for (at, (stored, shown)) in list(&stored).into_iter().zip(list(&shown)).enumerate() {
            let text = |field: &str| stored.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (id, name) = (text("id"), text("name"));
            pieces.push(Piece { part, at, id, name, stored: object(stored), shown: object(shown) });
        }
    }
    let admin = |value: &Value| {
        let hash = value.pointer("/access/adminKeyHash").cloned();
        hash.map(|hash| Map::from_iter([("hash".to_owned(), hash)])).unwrap_or_default()
    };
    let settings = |value: &Value| object(value.get("settings").cloned().unwrap_or_default());
    let prices = |value: &Value| {
        let prices = value.get("prices").cloned();
        prices.map(|prices| Map::from_iter([("prices".to_owned(), prices)])).unwrap_or_default()
    };
    for (part, stored, shown) in [
        (Part::AdminKey, admin(&stored), admin(&shown)),
        (Part::Settings, settings(&stored), settings(&shown)),
        (Part::Prices, prices(&stored), prices(&shown)),
    ] {
        pieces.push(Piece { part, stored, shown, ..Piece::default() });
    }
    pieces
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(text: &Value) -> Document {
        Document::parse(text.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn what_differs_is_told_part_by_part_with_secrets_masked() {
        let before = document(&json!({"channels": [
            {"id": "ch_a", "name": "a", "weight": 1, "keys": [{"id": "k_1", "key": "sk-canary-0123456789"}]},
            {"id": "ch_b", "name": "b"}, {"id": "ch_c", "name": "c"}],
            "settings": {"maxWaitMs": 5}}));
        let after = document(&json!({"channels": [
            {"id": "ch_c", "name": "c"}, {"id": "ch_d", "name": "d"},
            {"id": "ch_a", "name": "a", "weight": 2, "keys": [{"id": "k_1", "key": "sk-canary-9876543210"}]}],
            "access": {"clientKeys": [{"id": "ck_1", "name": "ci", "hash": "sha256:canary"}]},
            "settings": {"maxAttempts": 3}, "prices": [{"model": "m", "input": 1}]}));
        let told = between(&before, &after);
        let summary: Vec<_> = told.iter().map(|told| (told.part, told.id.as_str(), told.change)).collect();
        assert_eq!(
            summary,
            [
                (Part::Channel, "ch_d", Change::Added),
                (Part::Channel, "ch_a", Change::Changed),
                (Part::ClientKey, "ck_1", Change::Added),
                (Part::Settings, "", Change::Changed),
                (Part::Prices, "", Change::Changed),
                (Part::Channel, "ch_b", Change::Removed),
            ]
        );
        assert_eq!(told[1].before["weight"], 1);
        assert_eq!(told[1].after["weight"], 2);
        assert_eq!(told[1].after["keys"][0]["key"], "sk-…3210");
        assert!(!told[1].before.contains_key("name"));
        assert_eq!(
            (&told[3].before, &told[3].after),
            (&object(json!({"maxWaitMs": 5})), &object(json!({"maxAttempts": 3})))
        );
        assert!(!serde_json::to_string(&told).unwrap().contains("canary"));
    }

    #[test]
    fn a_document_does_not_differ_from_itself() {
        let same =
            document(&json!({"channels": [{"id": "ch_a", "name": "a"}], "settings": {"maxWaitMs": 5}}));
        assert_eq!(between(&same, &same), []);
    }

    #[test]
    fn a_changed_secret_is_told_even_where_the_mask_is_the_same() {
        let keyed =
            |key: &str| document(&json!({"channels": [{"id": "ch_a", "keys": [{"id": "k_1", "key": key}]}]}));
        let told = between(&keyed("short-1"), &keyed("short-2"));
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].before, told[0].after);
    }
}
