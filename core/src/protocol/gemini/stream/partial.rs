//! Calls whose arguments come piecewise, value by value.
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling>

use serde_json::{Map, Value};

use crate::codec::json;
use crate::protocol::gemini::wire::chunk::PartialArg;

/// Arguments at most, in bytes of their texts; more is not taken in.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Containers inside one another at most.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
pub(super) struct PartialCall {
    index: u32,
    arguments: Value,
    bytes: usize,
}

impl PartialCall {
    /// `arguments`: what is known whole from the start.
    pub(super) fn new(index: u32, arguments: Option<&str>) -> Self {
        let known = arguments.and_then(|json| json::from_str(json).ok()).filter(Value::is_object);
        Self { index, arguments: known.unwrap_or_else(|| Value::Object(Map::new())), bytes: 0 }
    }

    /// Of the call's block.
    pub(super) fn index(&self) -> u32 {
        self.index
    }

    pub(super) fn add(&mut self, pieces: Vec<PartialArg<'_>>) {
        for piece in pieces {
            let text = piece.string_value.as_ref().map_or(0, |text| text.as_str().len());
            let path = piece.json_path.as_ref().map_or("$", |path| path.as_str());
            self.bytes += text + path.len();
            let steps = steps(path);
            if self.bytes > MAX_BYTES || steps.len() > MAX_DEPTH {
                continue;
            }
            let Some(place) = place(&mut self.arguments, &steps) else { continue };
            match (place, piece.string_value) {
                (Value::String(text), Some(more)) => text.push_str(more.as_str()),
                (place, Some(text)) => *place = Value::String(text.0.into_owned()),
                (place, None) => {
                    let number = piece.number_value.map(number);
                    *place = number.or_else(|| piece.bool_value.map(Value::Bool)).unwrap_or(Value::Null);
                }
            }
        }
    }

    pub(super) fn arguments(self) -> String {
        self.arguments.to_string()
    }
}

/// Whole numbers are written without a fraction.
fn number(number: f64) -> Value {
    let whole = number as i64;
    if whole as f64 == number { whole.into() } else { number.into() }
}

enum Step<'p> {
    Name(&'p str),
    Position(usize),
}

/// `$.foo['bar'][0]` as its names and positions.
fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let quote = inside.chars().next().filter(|first| matches!(first, '\'' | '"'));
            let (word, after) = match quote {
                Some(quote) => {
                    inside.get(1..).and_then(|name| name.split_once(quote)).unwrap_or((inside, ""))
                }
                None => inside.split_once(']').unwrap_or((inside, "")),
            };
            rest = if quote.is_some() { after.strip_prefix(']').unwrap_or(after) } else { after };
            steps.push(match word.parse() {
                Ok(position) if quote.is_none() => Step::Position(position),
                _ => Step::Name(word),
            });
            continue;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let Some((name, after)) = rest.split_at_checked(end) else { break };
        if !name.is_empty() {
            steps.push(Step::Name(name));
        }
        rest = after;
    }
    steps
}

/// The value at a path, made on the way where it is not there; arrays grow by one at a time.
fn place<'v>(value: &'v mut Value, steps: &[Step<'_>]) -> Option<&'v mut Value> {
    if steps.is_empty() {
        return None;
    }
    steps.iter().try_fold(value, |value, step| match step {
        Step::Name(name) => {
            if !value.is_object() {
                *value = Value::Object(Map::new());
            }
            value.as_object_mut().map(|object| object.entry(*name).or_insert(Value::Null))
        }
        Step::Position(position) => {
            if !value.is_array() {
                *value = Value::Array(Vec::new());
            }
            let array = value.as_array_mut()?;
            if *position == array.len() {
                array.push(Value::Null);
            }
            array.get_mut(*position)
        }
    })
}
