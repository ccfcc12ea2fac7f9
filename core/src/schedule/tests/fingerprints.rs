use crate::schedule::{ModelKey, SessionKey};

/// Values of <http://www.isthe.com/chongo/tech/comp/fnv/>.
#[test]
fn a_model_has_the_same_key_on_every_machine() {
    for (model, key) in
        [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8_u64)]
    {
        assert_eq!(serde_json::to_value(ModelKey::of(model)).unwrap(), key, "{model}");
    }
}

#[test]
fn conversations_of_two_clients_never_meet() {
    assert_eq!(SessionKey::of("client", "talk"), SessionKey::of("client", "talk"));
    assert_ne!(SessionKey::of("client", "talk"), SessionKey::of("other", "talk"));
    assert_ne!(SessionKey::of("client", "talk"), SessionKey::of("client", "walk"));
    assert_ne!(SessionKey::of("client", "talk"), SessionKey::of("clientt", "alk"));
}
