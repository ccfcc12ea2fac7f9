//! What people's edits replaced, for the day an edit turns out wrong.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use causeway_core::time::Timestamp;

use super::files;

const KEPT: usize = 10;

/// Keeps `content` as `backups/config-<UTC time>.json` and removes all but the newest ten.
pub(super) fn keep(directory: &Path, now: Timestamp, content: &[u8]) -> io::Result<()> {
    let backups = directory.join("backups");
    files::make_directory(&backups)?;
    files::replace(&backups.join(format!("config-{}.json", utc(now))), content)?;
    let mut existing = list(&backups)?;
    // The names sort by time.
    existing.sort_unstable();
    let superfluous = existing.len().saturating_sub(KEPT);
    existing.iter().take(superfluous).try_for_each(fs::remove_file)
}

/// The backups that are kept in `directory`, in no order.
pub(super) fn kept(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let backups = directory.join("backups");
    if backups.exists() { list(&backups) } else { Ok(Vec::new()) }
}

fn list(backups: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(backups)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with("config-") && name.ends_with(".json")) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// `20260131T235959.123Z`. Days to dates by Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
fn utc(at: Timestamp) -> String {
    let (seconds, millis) = (at.as_secs(), at.as_millis() % 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_utc() {
        for (millis, text) in [
            (0, "19700101T000000.000Z"),
            (951_782_399_999, "20000228T235959.999Z"),
            (951_782_400_000, "20000229T000000.000Z"),
            (951_868_800_001, "20000301T000000.001Z"),
            (1_767_225_599_000, "20251231T235959.000Z"),
            (1_767_225_600_000, "20260101T000000.000Z"),
            (4_107_542_400_000, "21000301T000000.000Z"),
        ] {
            assert_eq!(utc(Timestamp::from_millis(millis)), text);
        }
    }

    #[test]
    fn the_newest_ten_are_kept_and_other_files_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let backups = directory.path().join("backups");
        fs::create_dir(&backups).unwrap();
        fs::write(backups.join("notes.txt"), "mine").unwrap();
        for number in 0..15u64 {
            keep(directory.path(), Timestamp::from_millis(number * 1000), number.to_string().as_bytes())
                .unwrap();
        }
        let mut kept: Vec<u64> = list(&backups)
            .unwrap()
            .iter()
            .map(|path| fs::read_to_string(path).unwrap().parse().unwrap())
            .collect();
        kept.sort_unstable();
        assert_eq!(kept, (5..15).collect::<Vec<_>>());
        assert!(backups.join("notes.txt").exists());
    }
}
