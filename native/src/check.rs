//! `causeway check`: every problem of a configuration file, without starting anything.

use std::io::{self, Write};
use std::path::Path;

use causeway_core::config::document::Document;
use causeway_core::config::secret_key::SecretKeys;
use causeway_core::config::validate::compile;
use causeway_core::config::{Config, FieldErrors};
use causeway_core::platform::Entropy;

use crate::entropy::SystemEntropy;
use crate::env::Environment;
use crate::keys;

/// Writes what is wrong with `file` to `out`, one problem a line with its path; `true` when nothing is.
///
/// # Errors
/// When `out` cannot be written.
pub fn check(file: &Path, environment: &Environment, out: &mut impl Write) -> io::Result<bool> {
    let shown = file.display();
    match examine(file, environment) {
        Ok(config) => {
            let keys: usize = config.channels.iter().map(|channel| channel.keys.len()).sum();
            writeln!(out, "{shown}: ok ({} channels, {keys} upstream keys)", config.channels.len())?;
            Ok(true)
        }
        Err(problems) => {
            for (path, problem) in &problems {
                writeln!(out, "{shown}: {path}: {problem}")?;
            }
            Ok(false)
        }
    }
}

fn examine(file: &Path, environment: &Environment) -> Result<Config, FieldErrors> {
    let whole = |problem: String| FieldErrors::from([("(file)".to_owned(), problem)]);
    let content = std::fs::read(file).map_err(|error| whole(error.to_string()))?;
    let mut document = Document::parse(&content)?;
    let beside = || SecretKeys::parse(&std::fs::read_to_string(file.with_file_name("secret.key")).ok()?);
    // Without the secret the sealed keys stay shut, and all else can still be checked.
    if let Some(secrets) = environment.secret_keys.clone().or_else(beside) {
        document.open_keys(&secrets).map_err(|error| whole(error.to_string()))?;
    }
    document.assign_ids(&mut |bytes| SystemEntropy.fill(bytes));
    compile(document, &keys::outside(environment))
}

#[cfg(test)]
mod tests {
    use causeway_core::config::secret_key::SecretKey;

    use super::*;
    use crate::env::Variables;

    fn checked(content: &str) -> (bool, String) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.json");
        std::fs::write(directory.path().join("secret.key"), "07".repeat(32)).unwrap();
        std::fs::write(&file, content).unwrap();
        let environment = Environment::read(&Variables::default()).unwrap();
        let mut out = Vec::new();
        let good = check(&file, &environment, &mut out).unwrap();
        (good, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_good_file_is_summed_up() {
        let (good, said) = checked(
            r#"{"channels": [{"name": "a", "keys": ["sk-1", "sk-2"],
                "endpoints": [{"protocol": "chat", "baseUrl": "https://api.example.com"}]}]}"#,
        );
        assert!(good && said.ends_with("config.json: ok (1 channels, 2 upstream keys)\n"), "{said}");
    }

    #[test]
    fn every_problem_is_told_with_its_path() {
        let (good, said) = checked(
            r#"{"channels": [{"name": "a", "weight": 0, "keys": ["sk-1"],
                "endpoints": [{"protocol": "chat", "baseUrl": "ftp://example.com"}]}]}"#,
        );
        assert!(!good);
        assert_eq!(said.lines().count(), 2, "{said}");
        for path in ["channels[0].endpoints[0].baseUrl: ", "channels[0].weight: "] {
            assert!(said.contains(path), "{said}");
        }
    }

    #[test]
    fn a_key_sealed_with_another_secret_is_told() {
        let mut document = Document::parse(br#"{"channels": [{"keys": ["sk-1"]}]}"#).unwrap();
        document.seal_keys(&SecretKey::parse(&"08".repeat(32)).unwrap(), &mut |nonce| nonce.fill(1)).unwrap();
        let (good, said) = checked(&serde_json::to_string(&document).unwrap());
        assert!(!good && said.contains("sealed with the secret key"), "{said}");
    }

    #[test]
    fn what_is_no_document_is_told_with_its_place() {
        for (content, place) in [("{\n\n\"channels\": 1}", "channels: "), ("{", "line 1")] {
            let (good, said) = checked(content);
            assert!(!good && said.contains(place), "{said}");
        }
        let environment = Environment::read(&Variables::default()).unwrap();
        let mut out = Vec::new();
        assert!(!check(Path::new("/nowhere/config.json"), &environment, &mut out).unwrap());
        assert!(String::from_utf8(out).unwrap().starts_with("/nowhere/config.json: (file): "));
    }
}
