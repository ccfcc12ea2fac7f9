//! Embeds the built UI (`web/dist`) into the binary; without one the binary is built all the same.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The precompressed siblings the UI's build writes.
const CODINGS: [&str; 2] = ["br", "gz"];

fn main() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = BTreeMap::new();
    if dist.is_dir() {
        collect(&dist, "", &mut files)?;
    }
    let mut table = String::from("&[\n");
    for (name, path) in &files {
        let coded = path.extension().and_then(OsStr::to_str).is_some_and(|end| CODINGS.contains(&end));
        if coded && files.contains_key(name.rsplit_once('.').map_or("", |(plain, _)| plain)) {
            continue;
        }
        let sibling = |coding: &str| match files.get(&format!("{name}.{coding}")) {
            Some(path) => format!("Some({})", include(path)),
            None => "None".to_owned(),
        };
        let mut hasher = DefaultHasher::new();
        hasher.write(&fs::read(path)?);
        let row = format!(
            "    File {{ name: {name:?}, hash: \"{:016x}\", plain: {}, brotli: {}, gzip: {} }},\n",
            hasher.finish(),
            include(path),
            sibling("br"),
            sibling("gz"),
        );
        table.push_str(&row);
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("ui.rs"), table)?;
    Ok(())
}

/// Names relative to the root, with `/`; dot files are left out.
fn collect(
    directory: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, PathBuf>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| format!("not a UTF-8 name: {name:?}"))?;
        if name.starts_with('.') {
            continue;
        }
        let (path, name) = (fs::canonicalize(entry.path())?, format!("{prefix}{name}"));
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else {
            files.insert(name, path);
        }
    }
    Ok(())
}

fn include(path: &Path) -> String {
    format!("include_bytes!({:?})", path.display().to_string())
}
