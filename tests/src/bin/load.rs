//! Closed-loop load on one URL: `load --url URL [--connections 8] [--requests N | --seconds S] [--body FILE]
//! [--header 'name: value']… [--stream] [--events N]`. Prints one JSON object.

use std::io::{self, Write as _};
use std::time::Duration;

use causeway_tests::load::{self, Plan, Until};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let plan = plan(std::env::args().skip(1))?;
    let report = load::run(&plan).await?;
    writeln!(io::stdout(), "{}", report.json())
}

fn plan(mut arguments: impl Iterator<Item = String>) -> io::Result<Plan> {
    let mut plan = Plan::default();
    while let Some(argument) = arguments.next() {
        if argument == "--stream" {
            plan.stream = true;
            continue;
        }
        let value = arguments.next().ok_or_else(|| io::Error::other(format!("{argument} wants a value")))?;
        match argument.as_str() {
            "--url" => plan.url = value,
            "--connections" => plan.connections = number(&value)?,
            "--requests" => plan.until = Until::Requests(number(&value)?),
            "--seconds" => plan.until = Until::Elapsed(Duration::from_secs_f64(number(&value)?)),
            "--body" => plan.body = std::fs::read(&value)?,
            "--header" => {
                let (name, value) =
                    value.split_once(':').ok_or_else(|| io::Error::other("want 'name: value'"))?;
                plan.headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            "--events" => plan.events = Some(number(&value)?),
            _ => return Err(io::Error::other(format!("unknown argument {argument}"))),
        }
    }
    Ok(plan)
}

fn number<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(text: &str) -> io::Result<T> {
    text.parse().map_err(io::Error::other)
}
