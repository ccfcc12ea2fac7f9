use causeway_core::platform::ConfigStore;
use tempfile::TempDir;

use causeway_core::config::secret_key::SecretKeys;

use super::*;

fn watched() -> (TempDir, FileStore, Watcher) {
    let directory = tempfile::tempdir().unwrap();
    let secret = SecretKeys::parse(&"07".repeat(32));
    let store = FileStore::open(directory.path(), secret).unwrap();
    let watcher = Watcher::new(store.clone());
    (directory, store, watcher)
}

fn document(name: &str) -> Document {
    Document::parse(format!(r#"{{"channels": [{{"id": "ch_1", "name": "{name}"}}]}}"#).as_bytes()).unwrap()
}

fn edit(store: &FileStore, content: &str) {
    fs::write(store.path(), content).unwrap();
}

/// All documents and errors until nothing changes any more.
fn settled(watcher: &mut Watcher) -> Vec<Result<Document, String>> {
    (0..4).filter_map(|_| watcher.look()).map(|found| found.map_err(|error| error.to_string())).collect()
}

#[tokio::test]
async fn an_edit_is_found_once_it_has_settled() {
    let (_directory, store, mut watcher) = watched();
    store.replace(None, &document("first")).await.unwrap();
    assert_eq!(settled(&mut watcher), [Ok(document("first"))]);
    assert_eq!(settled(&mut watcher), []);

    edit(&store, r#"{"channels": [{"id": "ch_1", "na"#);
    assert!(watcher.look().is_none());
    edit(&store, r#"{"channels": [{"id": "ch_1", "name": "edited"}]}"#);
    assert!(watcher.look().is_none());

    assert_eq!(settled(&mut watcher), [Ok(document("edited"))]);
}

/// Whoever installs a document late is put right by the next look.
#[tokio::test]
async fn what_the_management_api_wrote_is_found_too() {
    let (_directory, store, mut watcher) = watched();
    store.replace(None, &document("a")).await.unwrap();
    settled(&mut watcher);
    store.replace(Some(&document("a").version()), &document("longer")).await.unwrap();
    assert_eq!(settled(&mut watcher), [Ok(document("longer"))]);
}

#[tokio::test]
async fn a_broken_edit_is_told_once_and_its_repair_is_found() {
    let (_directory, store, mut watcher) = watched();
    store.replace(None, &document("a")).await.unwrap();
    settled(&mut watcher);

    edit(&store, "{\n  \"channels\": 7\n}");
    let told = settled(&mut watcher);
    assert_eq!(told.len(), 1);
    let message = told[0].as_ref().unwrap_err();
    assert!(message.contains("channels") && message.contains("line 2"), "{message}");

    edit(&store, r#"{"channels": [{"id": "ch_1", "name": "repaired"}]}"#);
    assert_eq!(settled(&mut watcher), [Ok(document("repaired"))]);
}

#[tokio::test]
async fn a_file_replaced_by_another_is_found() {
    let (directory, store, mut watcher) = watched();
    store.replace(None, &document("a")).await.unwrap();
    settled(&mut watcher);
    let other = directory.path().join("other");
    fs::write(&other, serde_json::to_vec(&document("b")).unwrap()).unwrap();
    fs::rename(&other, store.path()).unwrap();
    assert_eq!(settled(&mut watcher), [Ok(document("b"))]);
}

#[tokio::test]
async fn a_file_that_vanished_is_told_and_found_when_it_is_back() {
    let (_directory, store, mut watcher) = watched();
    store.replace(None, &document("a")).await.unwrap();
    settled(&mut watcher);
    fs::remove_file(store.path()).unwrap();
    assert_eq!(settled(&mut watcher).len(), 1);
    edit(&store, r#"{"channels": [{"id": "ch_1", "name": "back"}]}"#);
    assert_eq!(settled(&mut watcher), [Ok(document("back"))]);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_cannot_be_applied_is_told_and_the_next_one_tried() {
    let (_directory, store, watcher) = watched();
    store.replace(None, &document("a")).await.unwrap();
    store.read().unwrap();
    edit(&store, r#"{"channels": [{"id": "ch_1", "name": "refused"}]}"#);
    let (applied, mut documents) = futures::channel::mpsc::unbounded();
    let task = tokio::spawn(watch(watcher, move |document| {
        let name = document.channels[0].name.clone();
        applied.unbounded_send(name.clone()).unwrap();
        if name == "refused" {
            Err(FieldErrors::from([("name".into(), "is refused".into())]))
        } else {
            Ok(true)
        }
    }));
    use futures::StreamExt;
    assert_eq!(documents.next().await.unwrap(), "refused");
    edit(&store, r#"{"channels": [{"id": "ch_1", "name": "accepted"}]}"#);
    assert_eq!(documents.next().await.unwrap(), "accepted");
    task.abort();
}
