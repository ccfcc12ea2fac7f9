use std::fs;
use std::path::Path;

use tempfile::TempDir;

use causeway_core::config::secret_key::SecretKeys;

use super::*;

const CCX: &str = r#"{"upstream": [{"name": "relay", "baseUrl": "https://relay.example", "remark": "ours",
    "apiKeys": ["sk-canary-0123456789"]}]}"#;

struct Home(TempDir);

impl Home {
    fn with(name: &str, content: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::write(home.0.path().join(name), content).unwrap();
        home
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("config")
    }

    async fn import(&self, format: Format, name: &str, dry_run: bool) -> Result<String, Failed> {
        let order =
            Order { format, file: self.0.path().join(name), mode: Mode::Merge, dry_run, passphrase: None };
        let config = self.config();
        let variables = Variables::from([
            ("CONFIG_DIR", config.to_str().unwrap()),
            ("GROQ_API_KEY", "gsk-canary-0123456789"),
        ]);
        let environment = Environment::read(&variables).unwrap();
        let mut out = Vec::new();
        import(&order, &variables, &environment, &mut out).await?;
        Ok(String::from_utf8(out).unwrap())
    }
}

fn stored(config: &Path) -> Document {
    let secret = fs::read_to_string(config.join("secret.key")).unwrap();
    let mut document = Document::parse(&fs::read(config.join("config.json")).unwrap()).unwrap();
    document.open_keys(&SecretKeys::parse(&secret).unwrap()).unwrap();
    document
}

#[tokio::test]
async fn a_dry_run_tells_and_touches_nothing() {
    let home = Home::with("ccx.json", CCX);
    let said = home.import(Format::Ccx, "ccx.json", true).await.unwrap();
    assert_eq!(
        said,
        "+ channel relay\n\nNot carried over:\n  upstream[0].remark: channels here have no notes for people\n\n\
         Nothing was changed: this was a dry run.\n"
    );
    assert!(!home.config().exists());
}

#[tokio::test]
async fn an_import_is_stored_sealed_and_again_changes_nothing() {
    let home = Home::with("ccx.json", CCX);
    let said = home.import(Format::Ccx, "ccx.json", false).await.unwrap();
    assert!(said.starts_with("+ channel relay\n") && said.ends_with("Done.\n"), "{said}");
    assert!(!fs::read_to_string(home.config().join("config.json")).unwrap().contains("canary"));
    assert_eq!(stored(&home.config()).channels[0].keys[0].key.expose(), "sk-canary-0123456789");
    let again = home.import(Format::Ccx, "ccx.json", false).await.unwrap();
    assert!(again.starts_with("= channel relay\n") && again.ends_with("Nothing changes.\n"), "{again}");
}

#[tokio::test]
async fn litellms_yaml_is_read_with_the_variables_it_names() {
    let yaml = "model_list:\n- model_name: fast\n  litellm_params:\n    model: groq/llama\n    \
                api_key: os.environ/GROQ_API_KEY\n";
    let home = Home::with("litellm.yaml", yaml);
    let said = home.import(Format::Litellm, "litellm.yaml", false).await.unwrap();
    assert_eq!(said, "+ channel groq\n\nDone.\n");
    assert_eq!(stored(&home.config()).channels[0].keys[0].key.expose(), "gsk-canary-0123456789");
}

#[tokio::test]
async fn what_cannot_be_imported_says_why() {
    for (content, problem) in [
        ("{\"upstream\": [", "is neither JSON nor YAML: EOF"),
        ("a: [", "is neither JSON nor YAML: "),
        (r#"{"channels": [{"nmae": "x"}]}"#, "channels[0].nmae: unknown field"),
        (
            r#"{"causeway": 1, "config": {}, "encryption": {"derivation": "pbkdf2-hmac-sha256", "iterations": 1, "salt": "a"}}"#,
            "a passphrase is needed",
        ),
    ] {
        let home = Home::with("file", content);
        let error = home.import(Format::Causeway, "file", true).await.unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}
