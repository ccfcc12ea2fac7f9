use serde_json::json;

use super::*;
use crate::time::Timestamp;

#[test]
fn statements_and_rows_survive_their_way_as_json() {
    let statement = Statement::new("SELECT ?1, ?2, ?3, ?4")
        .bind(i64::MAX)
        .bind(0.1)
        .bind("sk \u{2028} \"quoted\"")
        .bind(None::<u64>);
    let text = serde_json::to_string(&statement).unwrap();
    assert_eq!(serde_json::from_str::<Statement>(&text).unwrap(), statement);
    let row: Row = serde_json::from_value(json!([1, 2.5, "x", null])).unwrap();
    assert_eq!(row, Row(vec![Value::Integer(1), Value::Real(2.5), Value::Text("x".into()), Value::Null]));
    assert!(serde_json::from_value::<Row>(json!([[1]])).is_err());
}

#[test]
fn columns_are_read_from_the_left_and_by_type() {
    let row = Row(vec![7_u64.into(), Value::Null, "x".into(), Value::Real(3.0), Value::Real(3.5)]);
    let mut columns = row.columns();
    assert_eq!(columns.next::<Timestamp>().unwrap(), Timestamp::from_millis(7));
    assert_eq!(columns.next::<Option<u64>>().unwrap(), None);
    assert_eq!(columns.next::<String>().unwrap(), "x");
    assert_eq!(columns.next::<i64>().unwrap(), 3, "JavaScript has no integers");
    let fraction = columns.next::<i64>();
    assert_eq!(fraction, Err(DatabaseError::Broken("column 5 is not what was asked for".into())));
    assert!(columns.next::<Option<String>>().is_err(), "there are five columns");
}

#[test]
fn what_no_integer_can_hold_is_no_panic() {
    assert_eq!(Value::from(u64::MAX), Value::Integer(i64::MAX));
    assert_eq!(u16::read(Value::Integer(70_000)), None);
    assert_eq!(u64::read(Value::Integer(-1)), None);
    assert_eq!(i64::read(Value::Real(1e300)), None);
}
