//! How many connections the process may have open.

/// Kept for files, listeners and what the runtime needs.
const RESERVED: u64 = 64;
const MOST: usize = 10_000;

/// Raises the soft limit of open files to the hard one, as far as the system lets us, and gives the number
/// of client connections that fit: each may need one to an upstream.
pub fn connections() -> usize {
    within(raise())
}

fn within(files: Option<u64>) -> usize {
    let Some(files) = files else { return MOST };
    let pairs = files.saturating_sub(RESERVED) / 2;
    usize::try_from(pairs).unwrap_or(MOST).clamp(1, MOST)
}

/// The limit in force afterwards; `None`: there is none.
#[cfg(unix)]
fn raise() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(_) => current,
    }
}

#[cfg(not(unix))]
const fn raise() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_has_a_file_for_its_upstream() {
        for (files, connections) in [
            (None, MOST),
            (Some(0), 1),
            (Some(64), 1),
            (Some(1024), 480),
            (Some(20_064), MOST),
            (Some(u64::MAX), MOST),
        ] {
            assert_eq!(within(files), connections, "{files:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        use rustix::process::{Resource, getrlimit};
        raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
