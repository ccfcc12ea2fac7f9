//! Files that are either whole or as they were before, and readable by their owner only.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Makes `path` and its parents; what is made gets mode 0700.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The content; `None` when there is no such file.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts `content` at `path` in one step that survives a crash: a reader sees the old file or the new one.
/// Follows a symbolic link at `path`.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let temporary = write_beside(&target, content)?;
    let renamed = fs::rename(&temporary, &target);
    if let Err(error) = renamed {
        let _already_failing = fs::remove_file(&temporary);
        return Err(match error.kind() {
            io::ErrorKind::ResourceBusy => io::Error::new(
                error.kind(),
                "cannot be replaced: mount its directory into the container, not the file",
            ),
            _ => error,
        });
    }
    sync_directory(&target)
}

/// The first half of [`replace`]: a crash after it leaves `target` alone.
pub(super) fn write_beside(target: &Path, content: &[u8]) -> io::Result<PathBuf> {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = target.with_file_name(name);
    // A leftover of a crash may have other permissions.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(temporary)
}

/// The new name is on disk only when its directory is.
fn sync_directory(target: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match target.parent() {
        Some(parent) if parent != Path::new("") => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
