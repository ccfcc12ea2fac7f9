//! YAML as JSON, which is all that configurations use of it.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Number, Value};

/// The first document of `text`; the error says where it is not YAML.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    documents.into_iter().next().map_or(Ok(Value::Null), value)
}

fn value(node: Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(scalar) => self::scalar(scalar),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(value).collect::<Result<_, _>>()?),
        Yaml::Mapping(fields) => {
            let mut object = Map::new();
            for (name, field) in fields {
                let Yaml::Value(name) = name else { return Err("a name is a list or an object".to_owned()) };
                object.insert(self::name(name), value(field)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(_, node) => value(*node)?,
        Yaml::Representation(text, ..) => Value::String(text.into_owned()),
        Yaml::Alias(_) | Yaml::BadValue => return Err("a value cannot be read".to_owned()),
    })
}

fn scalar(scalar: Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => Value::Bool(flag),
        Scalar::Integer(number) => Value::Number(number.into()),
        Scalar::FloatingPoint(number) => {
            Number::from_f64(number.into_inner()).map_or(Value::Null, Value::Number)
        }
        Scalar::String(text) => Value::String(text.into_owned()),
    }
}

fn name(name: Scalar<'_>) -> String {
    match scalar(name) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_configurations_use_of_yaml_is_read() {
        let text = "# comment\nlist:\n  - name: a\n    rpm: 30\n    ratio: 0.5\n  - {name: \"b: c\", on: true, off: null}\n\
                    base: &base\n  x: 1\nother: *base\n1: one\ntext: >\n  folded\n  text\n";
        let expected = json!({
            "list": [{"name": "a", "rpm": 30, "ratio": 0.5}, {"name": "b: c", "on": true, "off": null}],
            "base": {"x": 1}, "other": {"x": 1}, "1": "one", "text": "folded text\n",
        });
        assert_eq!(parse(text), Ok(expected));
        assert_eq!(parse(""), Ok(Value::Null));
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        let error = parse("a: [1, 2\nb: 3").unwrap_err();
        assert!(error.contains("line"), "{error}");
    }
}
