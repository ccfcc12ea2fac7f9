use std::path::Path;

use causeway_core::config::outside::Outside;
use causeway_core::config::validate::compile;
use causeway_core::platform::Entropy;

use super::*;
use crate::entropy::SystemEntropy;

fn read<const N: usize>(pairs: [(&str, &str); N]) -> Result<Environment, Vec<EnvError>> {
    Environment::read(&Variables::from(pairs))
}

#[test]
fn everything_has_a_default() {
    let environment = read([]).unwrap();
    assert_eq!(environment.port, 3000);
    assert_eq!(environment.max_body_bytes, 50 << 20);
    assert_eq!(environment.config_dir, Path::new(".config"));
    assert_eq!(environment.shutdown_grace, Duration::from_secs(30));
    assert!(environment.web_ui && environment.request_logs && !environment.production);
    assert!(environment.host.is_none() && environment.proxy_key.is_none() && environment.admin_key.is_none());
    assert!(environment.cors_origins.is_empty());
}

#[test]
fn an_empty_value_counts_as_unset() {
    let environment = read([("PORT", ""), ("PROXY_ACCESS_KEY", " "), ("BIND_HOST", "")]).unwrap();
    assert_eq!(environment.port, 3000);
    assert!(environment.proxy_key.is_none() && environment.host.is_none());
}

#[test]
fn good_values_are_taken() {
    let environment = read([
        ("PORT", "8080"),
        ("BIND_HOST", "127.0.0.1"),
        ("PROXY_ACCESS_KEY", "kQ7-f83jd_02LmPz"),
        ("ADMIN_ACCESS_KEY", "Zp3-m20fk_88WqXa"),
        ("ENABLE_WEB_UI", "FALSE"),
        ("APP_UI_LANGUAGE", "zh-CN"),
        ("ENV", "production"),
        ("LOG_LEVEL", "WARN"),
        ("MAX_REQUEST_BODY_SIZE_MB", "1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example:4318/otlp/"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-token=a%20b, x-team=c"),
        ("ENABLE_CORS", "1"),
        ("CORS_ORIGIN", "https://a.example, http://localhost:5173"),
        ("SHUTDOWN_GRACE_SECONDS", "0"),
        ("SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
    ])
    .unwrap();
    assert_eq!((environment.port, environment.host.as_deref()), (8080, Some("127.0.0.1")));
    assert_eq!(environment.proxy_key, Some(Secret::new("kQ7-f83jd_02LmPz")));
    assert!(environment.production && !environment.web_ui);
    assert_eq!(environment.log_level, LevelFilter::WARN);
    assert_eq!(environment.max_body_bytes, 1 << 20);
    assert_eq!(environment.cors_origins, ["https://a.example", "http://localhost:5173"]);
    assert_eq!(environment.shutdown_grace, Duration::ZERO);
    assert!(environment.secret_keys.is_some());
    let collector = environment.collector.unwrap();
    assert_eq!(collector.traces, "https://collector.example:4318/otlp/v1/traces");
    assert_eq!(collector.metrics.unwrap(), "https://collector.example:4318/otlp/v1/metrics");
    assert_eq!((&collector.headers["x-token"], collector.headers.len()), (&"a b".parse().unwrap(), 2));
    assert_eq!(collector.service.name, "causeway");
}

#[test]
fn a_wrong_value_is_named_with_what_is_allowed() {
    for (name, value, allowed) in [
        ("PORT", "65536", "0 to 65535"),
        ("PORT", "http", "0 to 65535"),
        ("ENABLE_WEB_UI", "maybe", "`true` or `false`"),
        ("APP_UI_LANGUAGE", "zh_CN", "language tag"),
        ("ENV", "prod", "`production`"),
        ("LOG_LEVEL", "loud", "`error`"),
        ("ENABLE_REQUEST_LOGS", "2", "`true` or `false`"),
        ("MAX_REQUEST_BODY_SIZE_MB", "0", "1 to 1024"),
        ("ENABLE_CORS", "*", "`true` or `false`"),
        ("CORS_ORIGIN", "chat.example.com", "https://"),
        ("CORS_ORIGIN", "https://chat.example.com/", "https://"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "http://host:4318"),
        ("OTEL_METRICS_EXPORTER", "prometheus", "`otlp` or `none`"),
        ("SHUTDOWN_GRACE_SECONDS", "-1", "0 to 3600"),
    ] {
        let errors = read([(name, value)]).unwrap_err();
        assert_eq!(errors.len(), 1, "{name}={value}");
        let message = errors[0].to_string();
        assert!(message.starts_with(&format!("{name}=\"{value}\": ")), "{message}");
        assert!(message.contains(allowed), "{message}");
    }
}

#[test]
fn all_wrong_values_are_told_at_once() {
    assert_eq!(read([("PORT", "x"), ("ENV", "x"), ("LOG_LEVEL", "x")]).unwrap_err().len(), 3);
}

#[test]
fn weak_keys_are_refused_and_no_secret_is_shown() {
    for (name, value) in [
        ("PROXY_ACCESS_KEY", "your-proxy-access-key"),
        ("PROXY_ACCESS_KEY", "tooshort-1"),
        ("ADMIN_ACCESS_KEY", "changeme-changeme-changeme"),
        ("SECRET_KEY", "0123456789abcdef"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "bearer-0123456789abcdef"),
    ] {
        let errors = read([(name, value)]).unwrap_err();
        assert_eq!(errors[0].name, name);
        assert!(!errors[0].to_string().contains(value), "{}", errors[0]);
    }
}

#[test]
fn operators_need_a_key_of_their_own() {
    let key = "kQ7-f83jd_02LmPz";
    let errors = read([("PROXY_ACCESS_KEY", key), ("ADMIN_ACCESS_KEY", key)]).unwrap_err();
    assert_eq!(errors[0].name, "ADMIN_ACCESS_KEY");
}

#[test]
fn defaults_in_the_table_are_the_ones_in_force() {
    let unset = format!("{:?}", read([]).unwrap());
    for Row { name, default, .. } in TABLE {
        // Defaults with a space are descriptions, not values.
        if !default.contains(' ') && name != "CORS_ORIGIN" && name != "APP_UI_LANGUAGE" {
            assert_eq!(format!("{:?}", read([(name, default)]).unwrap()), unset, "{name}={default}");
        }
    }
}

#[test]
fn a_variable_with_our_prefix_is_reported() {
    let variables =
        Variables::from([("CAUSEWAY_PROT", "1"), ("PORT", "1"), ("CAUSEWAY_A", "2"), ("HOME", "/")]);
    assert_eq!(variables.unknown(), ["CAUSEWAY_A", "CAUSEWAY_PROT"]);
}

#[test]
fn a_file_fills_in_what_the_process_does_not_set() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(".env");
    std::fs::write(&file, "PORT=1111\n# note\nexport LOG_LEVEL=debug\nBIND_HOST=\"::1\"\nPORT=2222\n")
        .unwrap();
    let mut variables = Variables::from([("LOG_LEVEL", "error")]);

    variables.add_file(&file).unwrap();
    variables.add_file(&directory.path().join("missing")).unwrap();

    let environment = Environment::read(&variables).unwrap();
    assert_eq!((environment.port, environment.host.as_deref()), (2222, Some("::1")));
    assert_eq!(environment.log_level, LevelFilter::ERROR);
}

#[test]
fn a_broken_file_is_an_error_without_its_content() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(".env");
    std::fs::write(&file, "PROXY_ACCESS_KEY='kQ7-f83jd_02LmPz\n").unwrap();

    let error = Variables::default().add_file(&file).unwrap_err();

    assert!(error.to_string().contains(".env"), "{error}");
    assert!(!error.to_string().contains("kQ7"), "{error}");
}

/// `UPDATE_SNAPSHOTS=1` writes the table into the document.
#[test]
fn the_documentation_holds_the_table() {
    const BEGIN: &str = "<!-- environment: generated, see native/src/env.rs -->\n";
    const END: &str = "<!-- /environment -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = written.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}{}{END}{after}", markdown());
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert_eq!(written, expected, "run the tests with UPDATE_SNAPSHOTS=1");
    }
}

#[test]
fn the_help_names_every_variable() {
    let help = help();
    for row in TABLE {
        assert!(help.contains(row.name) && !row.meaning.contains('|'), "{}", row.name);
    }
}

#[test]
fn the_example_in_the_documentation_is_valid() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let written = std::fs::read_to_string(path).unwrap();
    let example = written.split_once("```json\n").unwrap().1.split_once("```").unwrap().0;
    let mut document =
        causeway_core::config::document::Document::parse(example.replace('…', "1").as_bytes()).unwrap();
    document.assign_ids(&mut |bytes| SystemEntropy.fill(bytes));
    assert!(compile(document, &Outside::default()).is_ok());
}
