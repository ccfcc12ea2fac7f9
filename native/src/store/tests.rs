use std::fs;

use causeway_core::testing::store::check_config_store;
use tempfile::TempDir;

use super::*;

const KEY: &str = "sk-upstream-1";

fn secrets() -> SecretKeys {
    SecretKeys::parse(&"07".repeat(32)).unwrap()
}

fn opened() -> (TempDir, FileStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path(), Some(secrets())).unwrap();
    (directory, store)
}

fn document(name: &str) -> Document {
    let json = format!(
        r#"{{"channels": [{{"id": "ch_1", "name": "{name}", "keys": [{{"id": "k_1", "key": "{KEY}"}}],
            "endpoints": [{{"protocol": "chat", "baseUrl": "https://api.example.com"}}]}}]}}"#
    );
    Document::parse(json.as_bytes()).unwrap()
}

fn backups(directory: &TempDir) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory.path().join("backups")) else { return Vec::new() };
    entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn the_file_store_does_what_a_store_has_to() {
    let (_directory, store) = opened();
    check_config_store(&store).await;
}

#[tokio::test]
async fn of_many_writers_over_one_version_one_wins() {
    let (_directory, store) = opened();
    store.replace(None, &document("a")).await.unwrap();
    let version = document("a").version();
    let writers = (0..8).map(|number| {
        let (store, version) = (store.clone(), version.clone());
        async move { store.replace(Some(&version), &document(&format!("writer-{number}"))).await }
    });
    let results = futures::future::join_all(writers).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}

#[tokio::test]
async fn upstream_keys_are_stored_sealed() {
    let (directory, store) = opened();
    store.replace(None, &document("a")).await.unwrap();
    let text = fs::read_to_string(store.path()).unwrap();
    assert!(text.contains("sealed:v2:") && !text.contains(KEY), "{text}");

    let other = FileStore::open(directory.path(), SecretKeys::parse(&"08".repeat(32))).unwrap();
    let Err(StoreError::Invalid(message)) = other.load().await else { panic!("opened with a wrong key") };
    assert!(message.contains("config.json") && message.contains("SECRET_KEY"), "{message}");
    assert!(matches!(
        other.replace(Some(&document("a").version()), &document("b")).await,
        Err(StoreError::Invalid(_))
    ));
}

#[tokio::test]
async fn a_plain_key_is_accepted_and_sealed_at_the_next_write() {
    let (_directory, store) = opened();
    fs::write(store.path(), serde_json::to_vec(&document("a")).unwrap()).unwrap();
    assert_eq!(store.load().await.unwrap().unwrap(), document("a"));
    assert!(fs::read_to_string(store.path()).unwrap().contains(KEY));
    store.replace(Some(&document("a").version()), &document("b")).await.unwrap();
    assert!(!fs::read_to_string(store.path()).unwrap().contains(KEY));
}

#[tokio::test]
async fn what_lacks_an_id_gets_one_for_good() {
    let (_directory, store) = opened();
    fs::write(store.path(), r#"{"channels": [{"name": "a", "keys": ["sk-1"]}]}"#).unwrap();
    let first = store.load().await.unwrap().unwrap();
    assert!(first.channels[0].id.starts_with("ch_") && first.channels[0].keys[0].id.starts_with("k_"));
    assert_eq!(store.load().await.unwrap().unwrap(), first);
    store.replace(Some(&first.version()), &document("b")).await.unwrap();
}

#[tokio::test]
async fn a_crash_before_the_rename_leaves_the_old_document() {
    let (_directory, store) = opened();
    store.replace(None, &document("a")).await.unwrap();
    files::write_beside(&store.path(), b"{\"channels\": [").unwrap();
    assert_eq!(store.load().await.unwrap().unwrap(), document("a"));
    store.replace(Some(&document("a").version()), &document("b")).await.unwrap();
    assert_eq!(store.load().await.unwrap().unwrap(), document("b"));
    assert_eq!(fs::read_dir(store.path().parent().unwrap()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_broken_file_is_refused_with_its_place_and_never_overwritten() {
    let (_directory, store) = opened();
    for (broken, place) in [
        ("{\n  \"channels\": [\n", "line"),
        (r#"{"channels": [{"nmae": "a"}]}"#, "channels[0].nmae"),
        ("", "line 1"),
        (r#"{"channels": [{"keys": ["sealed:v9:AAAA"]}]}"#, "not a sealed value"),
    ] {
        fs::write(store.path(), broken).unwrap();
        let Err(StoreError::Invalid(message)) = store.load().await else { panic!("{broken}") };
        assert!(message.contains(place), "{message}");
        for expected in [None, Some(document("a").version())] {
            let refused = store.replace(expected.as_ref(), &document("b")).await;
            assert!(matches!(refused, Err(StoreError::Invalid(_))), "{broken}");
        }
        assert_eq!(fs::read_to_string(store.path()).unwrap(), broken);
    }
}

#[tokio::test]
async fn only_edits_by_people_are_backed_up_and_only_good_documents() {
    let (directory, store) = opened();
    store.replace(None, &document("a")).await.unwrap();
    store.replace(Some(&document("a").version()), &document("b")).await.unwrap();
    store.load().await.unwrap();
    assert_eq!(backups(&directory), Vec::<String>::new());

    let ours = fs::read_to_string(store.path()).unwrap();
    fs::write(store.path(), "broken").unwrap();
    store.read().unwrap_err();
    assert_eq!(backups(&directory), std::slice::from_ref(&ours));

    fs::write(store.path(), serde_json::to_vec(&document("c")).unwrap()).unwrap();
    assert_eq!(store.read().unwrap(), Some(document("c")));
    assert_eq!(backups(&directory), [ours]);
}

#[test]
fn a_secret_is_made_once_and_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/er");
    let first = FileStore::open(&path, None).unwrap();
    let second = FileStore::open(&path, None).unwrap();
    assert_eq!(first.0.secrets, second.0.secrets);
    assert_ne!(first.0.secrets, FileStore::open(directory.path(), None).unwrap().0.secrets);
}

#[tokio::test]
async fn a_lost_secret_is_an_error_and_not_a_new_secret() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path(), None).unwrap();
    store.replace(None, &document("a")).await.unwrap();
    let secret = directory.path().join("secret.key");

    fs::write(&secret, "not a key").unwrap();
    assert!(matches!(FileStore::open(directory.path(), None), Err(OpenError::Secret(_))));
    fs::remove_file(&secret).unwrap();
    let error = FileStore::open(directory.path(), None).unwrap_err();
    assert!(
        matches!(error, OpenError::SecretGone { .. }) && error.to_string().contains("secret.key"),
        "{error}"
    );
    assert!(!secret.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("config");
    let store = FileStore::open(&directory, None).unwrap();
    fs::write(store.path(), r#"{"channels": []}"#).unwrap();
    store.replace(Some(&Document::default().version()), &document("a")).await.unwrap();
    fs::write(store.path(), r#"{"channels": []}"#).unwrap();
    store.read().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&directory.join("backups")), 0o700);
    for file in ["config.json", "secret.key"] {
        assert_eq!(mode(&directory.join(file)), 0o600, "{file}");
    }
    let backup = fs::read_dir(directory.join("backups")).unwrap().next().unwrap().unwrap();
    assert_eq!(mode(&backup.path()), 0o600);
}

#[cfg(unix)]
#[tokio::test]
async fn a_symbolic_link_is_followed_and_kept() {
    let (directory, store) = opened();
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("real.json");
    fs::write(&target, "{}").unwrap();
    std::os::unix::fs::symlink(&target, directory.path().join("config.json")).unwrap();
    store.replace(Some(&Document::default().version()), &document("a")).await.unwrap();
    assert!(fs::symlink_metadata(store.path()).unwrap().is_symlink());
    assert!(fs::read_to_string(target).unwrap().contains("sealed:v2:"));
}
