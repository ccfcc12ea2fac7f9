use serde_json::json;

use super::*;
use crate::config::access::Digest;
use crate::config::compat::Compat;
use crate::config::{ClientKeyId, Limits, OnLoss, Protocol};

fn compile_json(json: &str) -> Result<Config, FieldErrors> {
    let mut document = Document::parse(json.as_bytes())?;
    let mut next = 0u8;
    document.assign_ids(&mut |bytes| {
        next += 1;
        bytes.fill(next);
    });
    compile(document, &Outside::default())
}

fn channel(fields: &str) -> String {
    let endpoints = r#""endpoints": [{"protocol": "chat", "baseUrl": "https://a.example"}]"#;
    let endpoints = if fields.contains("\"endpoints\"") { String::new() } else { format!("{endpoints},") };
    format!(r#"{{"channels": [{{{endpoints} {fields}}}]}}"#)
}

#[test]
fn every_problem_is_told_at_once_with_its_path() {
    let errors = compile_json(
        r#"{
            "channels": [
                {"name": "a", "endpoints": [{"protocol": "chat", "baseUrl": "https://a.example"}]},
                {"name": "A", "endpoints": [{"protocol": "chat", "baseUrl": "ftp://a.example"}],
                 "keys": ["", "k", "k"], "weight": 0, "models": ["ok", ""], "modelMap": {"x": "y*"}}
            ],
            "settings": {"maxAttempts": 0, "breaker": {"failureRate": 2}},
            "access": {"adminKeyHash": "secret"}
        }"#,
    )
    .unwrap_err();
    assert_eq!(
        errors.keys().collect::<Vec<_>>(),
        [
            "access.adminKeyHash",
            "channels[1].endpoints[0].baseUrl",
            "channels[1].keys[0].key",
            "channels[1].keys[2].key",
            "channels[1].modelMap.x",
            "channels[1].models[1]",
            "channels[1].name",
            "channels[1].weight",
            "settings.breaker.failureRate",
            "settings.maxAttempts",
        ]
    );
    assert_eq!(errors["channels[1].endpoints[0].baseUrl"], "is not an http(s) URL");
}

#[test]
fn a_wrong_field_is_refused_under_its_path() {
    for (fields, path) in [
        (r#""name": """#, "name"),
        (r#""name": "a\nb""#, "name"),
        (r#""name": " a""#, "name"),
        (r#""name": "a", "id": "a/b""#, "id"),
        (r#""name": "a", "endpoints": []"#, "endpoints"),
        (r#""name": "a", "keys": ["two words"]"#, "keys[0].key"),
        (r#""name": "a", "keys": ["line\nbreak"]"#, "keys[0].key"),
        (r#""name": "a", "keys": ["sealed:v2:AAAA"]"#, "keys[0].key"),
        (r#""name": "a", "headers": {"authorization": "Bearer x"}"#, "headers.authorization"),
        (r#""name": "a", "headers": {"Host": "x"}"#, "headers.Host"),
        (r#""name": "a", "headers": {"x y": "x"}"#, "headers.x y"),
        (r#""name": "a", "headers": {"x": "a\r\nb: c"}"#, "headers.x"),
        (r#""name": "a", "headers": {"X-A": "1", "x-a": "2"}"#, "headers.x-a"),
        (r#""name": "a", "proxyUrl": "ftp://p.example""#, "proxyUrl"),
        (r#""name": "a", "proxyUrl": "p.example:3128""#, "proxyUrl"),
        (r#""name": "a", "routePrefix": "api""#, "routePrefix"),
        (r#""name": "a", "routePrefix": "a/b""#, "routePrefix"),
        (r#""name": "a", "routePrefix": """#, "routePrefix"),
        (r#""name": "a", "accepts": ["images"]"#, "accepts[0]"),
        (r#""name": "a", "timeouts": {"idleTimeoutMs": 5}"#, "timeouts.idleTimeoutMs"),
        (r#""name": "a", "limits": {"requestsPerMinute": 0}"#, "limits.requestsPerMinute"),
        (r#""name": "a", "limits": {"tokensPerMinute": 2000000000}"#, "limits.tokensPerMinute"),
        (r#""name": "a", "keyLimits": {"concurrency": 0}"#, "keyLimits.concurrency"),
        (r#""name": "a", "keyLimits": {"rpm": 1}"#, "keyLimits.rpm"),
        (
            r#""name": "a", "keys": [{"key": "k", "limits": {"concurrency": 0}}]"#,
            "keys[0].limits.concurrency",
        ),
        (r#""name": "a", "keys": [{"key": "k", "quotaGroup": ""}]"#, "keys[0].quotaGroup"),
        (r#""name": "a", "keys": [{"key": "k", "quotaGroup": " a"}]"#, "keys[0].quotaGroup"),
        (r#""name": "a", "contextWindows": {"m": 0}"#, "contextWindows.m"),
        (r#""name": "a", "contextWindows": {"m": 128}"#, "contextWindows.m"),
        (r#""name": "a", "contextWindows": {"a b": 128000}"#, "contextWindows.a b"),
        (r#""name": "a", "onLoss": "shrug""#, "onLoss"),
        (r#""name": "a", "embeddingSpace": " ""#, "embeddingSpace"),
        (r#""name": "a", "preset": "nobody""#, "preset"),
        (r#""name": "a", "compat": {"toolz": true}"#, "compat.toolz"),
        (r#""name": "a", "compat": {"reasoningStyle": "loud"}"#, "compat.reasoningStyle"),
        (r#""name": "a", "compat": {"maxOutput": 0}"#, "compat.maxOutput"),
        (r#""name": "a", "compat": {"efforts": []}"#, "compat.efforts"),
        (r#""name": "a", "compat": {"efforts": ["low", "huge"]}"#, "compat.efforts[1]"),
        (r#""name": "a", "compat": {"omit": ["seed", "messages"]}"#, "compat.omit[1]"),
        (r#""name": "a", "compat": {"extraBody": {"stream": true, "x": 1}}"#, "compat.extraBody.stream"),
    ] {
        let errors = compile_json(&channel(fields)).unwrap_err();
        assert_eq!(errors.keys().collect::<Vec<_>>(), [&format!("channels[0].{path}")], "{fields}");
    }
}

#[test]
fn an_empty_document_has_the_defaults() {
    let config = compile(Document::default(), &Outside::default()).unwrap();
    assert_eq!(config.settings.timeouts, DEFAULT_TIMEOUTS);
    assert_eq!(config.settings.breaker, DEFAULT_BREAKER);
    assert_eq!(config.settings.max_attempts, 10);
    assert_eq!(config.settings.max_wait, Duration::from_secs(10));
    assert!(!config.restricts);
    assert!(config.channels.is_empty());
    assert_eq!(config.version, Document::default().version());
}

#[test]
fn channels_stand_in_order_of_priority_then_position() {
    let entry = |name: &str, priority: u32| {
        format!(
            r#"{{"name": "{name}", "priority": {priority},
                "endpoints": [{{"protocol": "chat", "baseUrl": "https://a.example"}}]}}"#
        )
    };
    let channels = [entry("c", 2), entry("a", 1), entry("d", 2), entry("b", 1)].join(",");
    let config = compile_json(&format!(r#"{{"channels": [{channels}]}}"#)).unwrap();
    assert_eq!(
        config.channels.iter().map(|channel| &*channel.name).collect::<Vec<_>>(),
        ["a", "b", "c", "d"]
    );
}

#[test]
fn a_channel_inherits_the_timeouts_it_does_not_set() {
    let config = compile_json(
        r#"{"settings": {"timeouts": {"idleTimeoutMs": 7000, "totalTimeoutMs": 8000, "connectTimeoutMs": 900}},
            "channels": [{"name": "a", "timeouts": {"idleTimeoutMs": 3000},
                          "endpoints": [{"protocol": "chat", "baseUrl": "https://a.example"}]}]}"#,
    )
    .unwrap();
    let channel = &config.channels[0];
    assert_eq!(channel.timeouts.idle, Duration::from_secs(3));
    assert_eq!(channel.timeouts.total, Duration::from_secs(8));
    assert_eq!(channel.timeouts.first_content, Duration::from_secs(90));
    assert_eq!(channel.transport.connect_timeout, Duration::from_millis(900));
}

#[test]
fn a_wait_is_bounded_and_may_be_none() {
    let wait = |ms: u32| {
        compile_json(&format!(r#"{{"settings": {{"maxWaitMs": {ms}}}}}"#))
            .map(|config| config.settings.max_wait)
    };
    assert_eq!(wait(0).unwrap(), Duration::ZERO);
    assert_eq!(wait(300_000).unwrap(), Duration::from_secs(300));
    assert!(wait(300_001).unwrap_err().contains_key("settings.maxWaitMs"));
}

#[test]
fn a_keys_limits_lie_over_those_of_its_channel() {
    let config = compile_json(&channel(
        r#""name": "a", "limits": {"concurrency": 9}, "keyLimits": {"requestsPerMinute": 60, "concurrency": 4},
           "keys": ["plain", {"key": "own", "quotaGroup": "org", "limits": {"concurrency": 8}}]"#,
    ))
    .unwrap();
    let channel = &config.channels[0];
    let limits = |requests_per_minute, concurrency| Limits {
        requests_per_minute,
        tokens_per_minute: None,
        concurrency: Some(concurrency),
    };
    assert_eq!(channel.limits, limits(None, 9));
    assert_eq!(channel.keys[0].limits, limits(Some(60), 4));
    assert_eq!(channel.keys[1].limits, limits(Some(60), 8));
    assert_eq!(channel.keys[0].quota_group, None);
    assert_eq!(channel.keys[1].quota_group.as_deref(), Some("org"));
}

#[test]
fn a_context_window_is_found_by_the_upstreams_name() {
    let config = compile_json(&channel(
        r#""name": "a", "contextWindows": {"deepseek-*": 131072, "deepseek-big": 1000000, "*": 200000}"#,
    ))
    .unwrap();
    let windows = &config.channels[0].context_windows;
    assert_eq!(windows.get("deepseek-chat"), Some(&131_072));
    assert_eq!(windows.get("deepseek-big"), Some(&1_000_000));
    assert_eq!(windows.get("other"), Some(&200_000));
    assert!(config.restricts);
}

#[test]
fn a_channels_own_windows_win_over_its_presets() {
    let window = |fields: &str, model: &str| {
        let config = compile_json(&channel(&format!(r#""name": "a", {fields}"#))).unwrap();
        config.channels[0].context_windows.get(model).copied()
    };
    let host = r#""endpoints": [{"protocol": "chat", "baseUrl": "https://api.moonshot.ai"}]"#;
    assert_eq!(window(host, "kimi-k2.6"), Some(262_144));
    assert_eq!(window(host, "kimi-next"), None, "what no page says is not guessed");
    assert_eq!(window(r#""preset": "kimi""#, "kimi-k2.6"), Some(262_144));
    assert_eq!(window(&format!(r#"{host}, "preset": "none""#), "kimi-k2.6"), None);
    let own = format!(r#"{host}, "contextWindows": {{"kimi-*": 64000}}"#);
    assert_eq!(window(&own, "kimi-k2.6"), Some(64_000));
    assert_eq!(window(&own, "other"), None);
}

#[test]
fn only_channels_that_cannot_take_every_request_restrict() {
    let restricts = |fields: &str| compile_json(&channel(fields)).unwrap().restricts;
    assert!(!restricts(r#""name": "a", "compat": {"vision": true, "strict": false}"#));
    assert!(restricts(r#""name": "a", "compat": {"vision": false}"#));
    assert!(restricts(r#""name": "a", "compat": {"tools": false}"#));
    assert!(restricts(r#""name": "a", "contextWindows": {"m": 32000}"#));
}

#[test]
fn a_channel_accepts_all_its_endpoints_can_serve_unless_told() {
    let accepts = |fields: &str| compile_json(&channel(fields)).unwrap().channels[0].accepts.clone();
    use Protocol::{Chat, Embeddings, Gemini, Messages, Responses};
    assert_eq!(accepts(r#""name": "a""#), [Messages, Chat, Responses, Gemini]);
    assert_eq!(accepts(r#""name": "a", "accepts": ["chat"]"#), [Chat]);
    let embeddings =
        r#""name": "a", "endpoints": [{"protocol": "embeddings", "baseUrl": "https://a.example"}]"#;
    assert_eq!(accepts(embeddings), [Embeddings]);
}

#[test]
fn keys_from_the_environment_join_the_documents() {
    let hash = Digest::of("document-client-key");
    let admin = Digest::of("document-admin-key");
    let json = format!(
        r#"{{"access": {{"clientKeys": [{{"id": "ck_1", "hash": "{hash}"}}], "adminKeyHash": "{admin}"}}}}"#
    );
    let document = Document::parse(json.as_bytes()).unwrap();
    let mut environment = Outside::default();
    environment.access.add_client(ClientKeyId::new("env"), "environment", "environment-client");
    let access = compile(document.clone(), &environment).unwrap().access;
    assert!(access.client("document-client-key").is_some() && access.client("environment-client").is_some());
    assert!(access.is_admin("document-admin-key"));
    environment.access.set_admin("environment-admin");
    let access = compile(document.clone(), &environment).unwrap().access;
    assert!(access.is_admin("environment-admin") && !access.is_admin("document-admin-key"));
    environment.access.set_admin("document-client-key");
    assert!(compile(document, &environment).unwrap_err().contains_key("access.adminKeyHash"));
}

#[test]
fn a_client_key_says_what_it_may_use() {
    let hash = Digest::of("document-client-key");
    let json = json!({
        "channels": [{ "id": "ch_late", "name": "late", "priority": 2, "endpoints": [
                         { "protocol": "chat", "baseUrl": "https://a.example" }] },
                     { "id": "ch_soon", "name": "soon", "priority": 1, "endpoints": [
                         { "protocol": "chat", "baseUrl": "https://b.example" }] }],
        "access": { "clientKeys": [{ "id": "ck_1", "hash": hash.to_string(), "models": ["gpt-*", "!gpt-3"],
                                     "channels": ["ch_late", "ch_deleted"] }] },
    });
    let config = compile_json(&json.to_string()).unwrap();
    let key = config.access.client("document-client-key").unwrap();
    let holds = |model: &str| {
        let channels = key.channels_for(model).unwrap();
        (channels.holds(0), channels.holds(1), channels.holds(2))
    };
    assert_eq!(holds("gpt-5"), (false, true, false), "positions are those of the configuration");
    assert_eq!(holds("gpt-3"), (false, false, false));
}

#[test]
fn a_wrong_field_of_a_client_key_is_refused_under_its_path() {
    for (fields, path) in [
        (json!({ "models": ["a b"] }), "models[0]"),
        (json!({ "limits": { "concurrency": 0 } }), "limits.concurrency"),
        (json!({ "budgets": [{ "period": "day" }] }), "budgets[0]"),
        (json!({ "budgets": [{ "period": "day", "tokens": 0 }] }), "budgets[0].tokens"),
        (json!({ "budgets": [{ "period": "week", "costMicros": 1e16 as u64 }] }), "budgets[0].costMicros"),
        (
            json!({ "budgets": [{ "period": "day", "tokens": 1 }, { "period": "day", "tokens": 2 }] }),
            "budgets[1].period",
        ),
        (json!({ "budgets": [{ "period": "hour", "tokens": 1 }] }), "budgets[0].period"),
        (json!({ "status": "revoked" }), "status"),
    ] {
        let mut key = json!({ "id": "ck_1", "hash": Digest::of("document-client-key").to_string() });
        key.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let document = json!({ "access": { "clientKeys": [key] } });
        let errors = compile_json(&document.to_string()).unwrap_err();
        assert_eq!(errors.keys().collect::<Vec<_>>(), [&format!("access.clientKeys[0].{path}")], "{fields}");
    }
}

#[test]
fn the_environments_total_timeout_holds_where_the_document_sets_none() {
    let outside = Outside { total_timeout: Some(Duration::from_secs(7)), ..Outside::default() };
    let total = |json: &str| {
        let document = Document::parse(json.as_bytes()).unwrap();
        compile(document, &outside).unwrap().settings.timeouts.total
    };
    assert_eq!(total("{}"), Duration::from_secs(7));
    assert_eq!(total(r#"{"settings": {"timeouts": {"totalTimeoutMs": 9000}}}"#), Duration::from_secs(9));
}

#[test]
fn a_key_in_the_wrong_place_is_not_repeated() {
    let documents = [
        r#"{"channels": [{"name": "a", "keys": "sk-canary\", expected x"}]}"#,
        r#"{"channels": "sk-canary"}"#,
    ];
    for document in documents {
        let errors = Document::parse(document.as_bytes()).unwrap_err();
        let told = format!("{errors:?}");
        assert!(!told.contains("sk-canary") && told.contains("expected a sequence"), "{told}");
    }
}

#[test]
fn a_channels_sheet_holds_at_each_of_its_endpoints() {
    let fields = r#""name": "a", "onLoss": "refuse", "compat": {"vision": false, "omit": ["seed"]},
        "endpoints": [{"protocol": "chat", "baseUrl": "https://a.example"},
                      {"protocol": "messages", "baseUrl": "https://a.example"}]"#;
    let config = compile_json(&channel(fields)).unwrap();
    let channel = &config.channels[0];
    assert_eq!(channel.on_loss, OnLoss::Refuse);
    for endpoint in [0, 1] {
        assert_eq!(channel.compat(endpoint).vision, Some(false));
        assert!(channel.compat(endpoint).omits("seed"));
    }
    assert_eq!(*channel.compat(2), Compat::default());
}

#[test]
fn a_preset_lies_below_the_channels_own_sheet() {
    let compat = |fields: &str| {
        let deepseek = r#""endpoints": [{"protocol": "chat", "baseUrl": "https://api.deepseek.com"},
                                        {"protocol": "messages", "baseUrl": "https://api.deepseek.com/anthropic"},
                                        {"protocol": "chat", "baseUrl": "https://proxy.example"}]"#;
        let config = compile_json(&channel(&format!(r#""name": "a", {deepseek} {fields}"#))).unwrap();
        [0, 1, 2].map(|endpoint| config.channels[0].compat(endpoint).clone())
    };
    let files = |sheets: &[Compat; 3]| sheets.each_ref().map(|sheet| sheet.files);
    let strict = |sheets: &[Compat; 3]| sheets.each_ref().map(|sheet| sheet.strict);
    let by_host = compat("");
    assert_eq!(files(&by_host), [Some(false), Some(false), None]);
    assert_eq!(strict(&by_host), [Some(false), None, None], "protocols differ");
    let overlaid = compat(r#", "compat": {"files": true, "omit": ["seed"]}"#);
    assert_eq!(files(&overlaid), [Some(true); 3]);
    assert_eq!(strict(&overlaid), [Some(false), None, None]);
    assert!(overlaid.iter().all(|sheet| sheet.omits("seed")));
    let groq = compat(r#", "preset": "groq", "compat": {"omit": ["seed", "logprobs"]}"#);
    assert_eq!(groq[2].omit, ["logprobs", "top_logprobs", "logit_bias", "seed"]);
    assert_eq!(files(&compat(r#", "preset": "none""#)), [None; 3]);
}

#[test]
fn the_sheets_of_the_presets_would_pass_as_an_operators() {
    for preset in crate::config::preset::all() {
        for sheet in preset.compat.values() {
            let sheet = serde_json::to_string(sheet).unwrap();
            compile_json(&channel(&format!(r#""name": "a", "compat": {sheet}"#))).unwrap();
        }
        if let Some(windows) = &preset.context_windows {
            let windows = serde_json::to_string(&windows.tokens).unwrap();
            compile_json(&channel(&format!(r#""name": "a", "contextWindows": {windows}"#))).unwrap();
        }
    }
}
