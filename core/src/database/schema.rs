//! The tables, step by step from an empty database to the present.

use super::{DatabaseError, Row, Statement};

/// Each takes a database from the version of its index to the next. One that was released is never changed. A
/// statement ends with a semicolon at the end of a line.
const STEPS: [&str; 6] = [
    include_str!("schema/0001_records.sql"),
    include_str!("schema/0002_verdicts.sql"),
    include_str!("schema/0003_changes.sql"),
    include_str!("schema/0004_spending.sql"),
    include_str!("schema/0005_capture.sql"),
    include_str!("schema/0006_requests_in_order.sql"),
];

/// Brings a database to the present version. `run` runs statements in one transaction, all or none.
///
/// # Errors
/// Those of `run`, and [`DatabaseError::Broken`] where a newer version of the gateway has been at work.
pub fn migrate(
    mut run: impl FnMut(&[Statement]) -> Result<Vec<Vec<Row>>, DatabaseError>,
) -> Result<(), DatabaseError> {
    let present = version(&mut run)?;
    let Some(missing) = STEPS.get(present..) else {
        let known = STEPS.len();
        let problem = format!("it has version {present}, this gateway knows {known}: run a newer one");
        return Err(DatabaseError::Broken(problem));
    };
    for (version, step) in (present as u64 + 1..).zip(missing) {
        let mut statements: Vec<Statement> = statements(step).collect();
        statements.push(Statement::new("INSERT INTO schema_version (version) VALUES (?1)").bind(version));
        run(&statements)?;
    }
    Ok(())
}

fn version(
    run: &mut impl FnMut(&[Statement]) -> Result<Vec<Vec<Row>>, DatabaseError>,
) -> Result<usize, DatabaseError> {
    let answers = run(&[
        Statement::new("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)"),
        Statement::new("SELECT count(*) FROM schema_version"),
    ])?;
    let row = answers.into_iter().flatten().next();
    let count = row.map(|row| row.columns().next::<u64>()).transpose()?.unwrap_or_default();
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn statements(step: &'static str) -> impl Iterator<Item = Statement> {
    step.split(";\n").map(str::trim).filter(|sql| !sql.is_empty()).map(Statement::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::database::MemoryDatabase;

    /// Every object of a database with the text that made it.
    fn shape(database: &MemoryDatabase) -> Vec<Row> {
        let sql = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
        database.run(&[Statement::new(sql)]).unwrap().remove(0)
    }

    /// One that an earlier gateway left.
    fn of_version(earlier: usize) -> MemoryDatabase {
        let database = MemoryDatabase::empty();
        let mut run = |statements: &[Statement]| database.run(statements);
        version(&mut run).unwrap();
        for (number, step) in (1u64..).zip(&STEPS[..earlier]) {
            let mut statements: Vec<Statement> = statements(step).collect();
            let noted = Statement::new("INSERT INTO schema_version (version) VALUES (?1)").bind(number);
            statements.push(noted);
            run(&statements).unwrap();
        }
        database
    }

    #[test]
    fn every_earlier_version_comes_to_the_present_one() {
        let present = shape(&MemoryDatabase::new());
        assert!(present.len() > 1, "{present:?}");
        for earlier in 0..=STEPS.len() {
            let database = of_version(earlier);
            let mut run = |statements: &[Statement]| database.run(statements);
            migrate(&mut run).unwrap();
            assert_eq!(shape(&database), present, "from version {earlier}");
            migrate(&mut run).unwrap();
            assert_eq!(version(&mut run).unwrap(), STEPS.len());
        }
    }

    #[test]
    fn requests_come_into_their_order_with_all_that_they_say() {
        let database = of_version(5);
        let mut run = |statements: &[Statement]| database.run(statements);
        let insert = "INSERT INTO request (id, at, client_key, protocol, model, stream, status, class, attempts, \
                      duration, estimated, request_bytes, response_bytes, attempt_log, left_out) \
                      VALUES (?1, ?2, 'ck_1', 'chat', 'm', 1, 200, 'success', 1, 9, 0, 5, 6, '[]', ?3)";
        for (id, at, left_out) in [("b", 7_u64, "[1]"), ("c", 7, "[]"), ("a", 6, "[]")] {
            run(&[Statement::new(insert).bind(id).bind(at).bind(left_out)]).unwrap();
        }
        migrate(&mut run).unwrap();
        let kept = "SELECT id, at, duration, left_out FROM request ORDER BY seq";
        let rows = run(&[Statement::new(kept)]).unwrap().remove(0);
        let row = |id: &str, at: u64, left_out: Option<&str>| {
            Row(vec![id.into(), at.into(), 9_u64.into(), left_out.into()])
        };
        assert_eq!(rows, [row("a", 6, None), row("b", 7, Some("[1]")), row("c", 7, None)]);
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before_it() {
        let database = MemoryDatabase::empty();
        database.run(&[Statement::new("CREATE TABLE request (id TEXT)")]).unwrap();
        let mut run = |statements: &[Statement]| database.run(statements);
        assert!(migrate(&mut run).is_err());
        assert_eq!(version(&mut run).unwrap(), 0);
        assert_eq!(shape(&database).len(), 2);
    }

    #[test]
    fn a_database_of_a_newer_gateway_is_left_alone() {
        let database = MemoryDatabase::new();
        let newer = Statement::new("INSERT INTO schema_version (version) VALUES (1000)");
        database.run(&[newer]).unwrap();
        let refused = migrate(|statements| database.run(statements));
        assert!(matches!(refused, Err(DatabaseError::Broken(_))), "{refused:?}");
    }

    #[test]
    fn no_text_is_more_than_a_durable_object_takes() {
        for statement in STEPS.iter().flat_map(|step| statements(step)) {
            assert!(statement.sql.len() <= 100_000, "{}", statement.sql);
        }
        let tables =
            "SELECT m.name, count(*) FROM sqlite_master m, pragma_table_info(m.name) GROUP BY m.name";
        let counted = MemoryDatabase::new().run(&[Statement::new(tables)]).unwrap().remove(0);
        for row in counted {
            let mut columns = row.columns();
            let (table, count): (String, u64) = (columns.next().unwrap(), columns.next().unwrap());
            assert!(count <= 100, "{table}: {count} columns");
        }
    }
}
