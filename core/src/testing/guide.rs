//! The rules of scheduling for operators, with the figures of the code: the source of `docs/scheduling.md` and `docs/routing.md`.

mod example;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::gateway;
use crate::schedule::figures::{self, Figure};

/// Texts with slots: `{{name}}` stands for a figure, a table or an example.
const TEMPLATES: [(&str, &str); 2] = [
    ("scheduling.md", include_str!("guide/scheduling.md")),
    ("routing.md", include_str!("guide/routing.md")),
];

/// The pages below `docs/`, by name.
///
/// # Errors
/// The slots that nothing fills, and the figures that no slot shows.
pub fn pages() -> Result<Vec<(&'static str, String)>, Vec<String>> {
    let figures = figures::figures().into_iter().chain(gateway::figures::figures());
    let mut values: BTreeMap<&str, String> = figures.map(|(name, figure)| (name, shown(figure))).collect();
    values.insert("table.classes", tables::classes());
    values.insert("table.verdicts", tables::verdicts());
    values.insert("example.explanation", example::explanation().unwrap_or_default());
    render(&TEMPLATES, &values)
}

fn render(
    templates: &[(&'static str, &'static str)],
    values: &BTreeMap<&str, String>,
) -> Result<Vec<(&'static str, String)>, Vec<String>> {
    let (mut pages, mut shown, mut problems) = (Vec::new(), BTreeSet::new(), Vec::new());
    for (name, template) in templates {
        let (mut page, mut rest) = (String::new(), *template);
        while let Some((before, after)) = rest.split_once("{{") {
            let (slot, after) = after.split_once("}}").unwrap_or((after, ""));
            page += before;
            match values.get(slot) {
                Some(value) if !value.is_empty() => page += value,
                _ => problems.push(format!("nothing fills the slot `{slot}`")),
            }
            shown.insert(slot);
            rest = after;
        }
        pages.push((*name, page + rest));
    }
    let unshown = values.keys().filter(|name| !shown.contains(*name));
    problems.extend(unshown.map(|name| format!("no slot shows `{name}`")));
    if problems.is_empty() { Ok(pages) } else { Err(problems) }
}

fn shown(figure: Figure) -> String {
    match figure {
        Figure::Time(time) => duration(time),
        Figure::Count(count) => count.to_string(),
        Figure::Share(share) => format!("{:.0}%", share * 100.0),
    }
}

/// In the largest unit that leaves no fraction; a minute is told in seconds.
fn duration(time: Duration) -> String {
    match (time.as_secs(), time.subsec_millis()) {
        (secs, 0) if secs >= 3600 && secs % 3600 == 0 => format!("{} h", secs / 3600),
        (secs, 0) if secs >= 120 && secs % 60 == 0 => format!("{} min", secs / 60),
        (secs, 0) => format!("{secs} s"),
        _ => format!("{} ms", time.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_nothing_fills_and_a_figure_that_nothing_shows_are_problems() {
        let values = BTreeMap::from([("known", "7".to_owned()), ("other", "8".to_owned())]);
        let both = render(&[("a", "{{known}} of"), ("b", "{{other}}")], &values).unwrap();
        assert_eq!(both, [("a", "7 of".to_owned()), ("b", "8".to_owned())]);
        for (template, problem) in [
            ("{{known}}", "no slot shows `other`"),
            ("{{known}} {{other}} {{gone}}", "nothing fills the slot `gone`"),
            ("{{known}} {{other}} {{open", "nothing fills the slot `open`"),
        ] {
            assert_eq!(render(&[("page", template)], &values).unwrap_err(), [problem], "{template}");
        }
    }

    #[test]
    fn times_have_the_unit_that_people_use() {
        for (millis, told) in [
            (250, "250 ms"),
            (1_000, "1 s"),
            (60_000, "60 s"),
            (90_000, "90 s"),
            (120_000, "2 min"),
            (3_600_000, "1 h"),
            (86_400_000, "24 h"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), told);
        }
    }
}
