//! Who may call: keys from the environment, and the first keys of a new installation.

use causeway_core::config::access::{Access, Digest, random_key};
use causeway_core::config::document::{ClientKeyDocument, Document};
use causeway_core::config::outside::Outside;
use causeway_core::config::{ClientKeyId, Secret};
use causeway_core::platform::Entropy;

use crate::env::Environment;

/// Keys made just now. They are stored as hashes: this is the only time they can be shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Generated {
    pub client: Option<Secret>,
    pub admin: Option<Secret>,
}

/// What the environment gives [`compile`](causeway_core::config::validate::compile): keys and defaults.
pub fn outside(environment: &Environment) -> Outside {
    let mut access = Access::default();
    if let Some(key) = &environment.proxy_key {
        access.add_client(ClientKeyId::new("ck_environment"), "PROXY_ACCESS_KEY", key.expose());
    }
    if let Some(key) = &environment.admin_key {
        access.set_admin(key.expose());
    }
    Outside { access, total_timeout: Some(environment.request_timeout), ..Outside::default() }
}

/// Adds a client key to `document` when nobody could call, and an admin key when nobody could sign in.
pub fn complete(document: &mut Document, outside: &Outside, entropy: &impl Entropy) -> Generated {
    let mut generated = Generated::default();
    if document.access.client_keys.is_empty() && outside.access.client_keys.is_empty() {
        let key = random_key("cw-", &mut |bytes| entropy.fill(bytes));
        document.access.client_keys.push(ClientKeyDocument {
            name: "first".to_owned(),
            hash: Digest::of(key.expose()).to_string(),
            ..ClientKeyDocument::default()
        });
        generated.client = Some(key);
    }
    if document.access.admin_key_hash.is_none() && outside.access.admin.is_none() {
        let key = random_key("cwa-", &mut |bytes| entropy.fill(bytes));
        document.access.admin_key_hash = Some(Digest::of(key.expose()).to_string());
        generated.admin = Some(key);
    }
    document.assign_ids(&mut |bytes| entropy.fill(bytes));
    generated
}

#[cfg(test)]
mod tests {
    use causeway_core::config::access::check_strength;
    use causeway_core::config::validate::compile;

    use super::*;
    use crate::entropy::SystemEntropy;
    use crate::env::Variables;

    fn environment<const N: usize>(pairs: [(&str, &str); N]) -> Outside {
        outside(&Environment::read(&Variables::from(pairs)).unwrap())
    }

    #[test]
    fn a_new_installation_gets_two_different_keys_stored_as_hashes() {
        let mut document = Document::default();
        let generated = complete(&mut document, &environment([]), &SystemEntropy);

        let (client, admin) = (generated.client.unwrap(), generated.admin.unwrap());
        assert!(client.expose().starts_with("cw-") && client.expose().len() == 35);
        assert!(admin.expose().starts_with("cwa-") && admin.expose().len() == 36);
        assert_eq!(check_strength(client.expose()), Ok(()));
        let stored = serde_json::to_string(&document).unwrap();
        assert!(!stored.contains(client.expose()) && !stored.contains(admin.expose()));
        let access = compile(document, &environment([])).unwrap().access;
        assert!(access.client(client.expose()).is_some() && access.is_admin(admin.expose()));
        assert!(access.client(admin.expose()).is_none() && !access.is_admin(client.expose()));
    }

    #[test]
    fn nothing_is_made_twice() {
        let mut document = Document::default();
        complete(&mut document, &environment([]), &SystemEntropy);
        let before = document.clone();
        assert_eq!(complete(&mut document, &environment([]), &SystemEntropy), Generated::default());
        assert_eq!(document, before);
    }

    #[test]
    fn a_key_of_the_environment_counts() {
        let outside = environment([("PROXY_ACCESS_KEY", "kQ7-f83jd_02LmPz")]);
        let mut document = Document::default();
        let generated = complete(&mut document, &outside, &SystemEntropy);
        assert!(generated.client.is_none() && generated.admin.is_some());
        assert!(document.access.client_keys.is_empty());
        assert!(compile(document, &outside).unwrap().access.client("kQ7-f83jd_02LmPz").is_some());
    }
}
