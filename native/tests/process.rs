//! The binary as a process: start, keys, signals, exit codes.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of a test fail the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use tempfile::TempDir;

fn causeway(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
    command
        .env_clear()
        .env("PORT", "0")
        .env("BIND_HOST", "127.0.0.1")
        .env("CONFIG_DIR", directory.join("config"))
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    address: String,
}

impl Running {
    /// Returns when the gateway says that it listens.
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut address = None;
        let mut line = String::new();
        while address.is_none() && log.read_line(&mut line).unwrap() > 0 {
            let rest = line.split_once("listening on http://").map(|(_, rest)| rest);
            address = rest.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned);
            line.clear();
        }
        if address.is_none() {
            child.wait().unwrap();
        }
        Self { child, log, address: address.unwrap() }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// The exit code, what it printed and the rest of its log.
    fn end(mut self) -> (Option<i32>, String, String) {
        let (mut printed, mut log) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        self.log.read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), printed, log)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn new_keys_are_printed_at_the_first_start_only_and_a_signal_ends_it_cleanly() {
    let home = home();
    for (start, signal) in ["TERM", "INT"].into_iter().enumerate() {
        let running = Running::start(causeway(home.path()));
        running.signal(signal);
        let (code, printed, log) = running.end();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("stopped"), "{log}");
        for prefix in ["cw-", "cwa-"] {
            assert_eq!(printed.contains(prefix), start == 0, "{printed}");
            assert!(!log.contains(prefix), "{log}");
        }
    }
}

#[test]
fn a_second_signal_cuts_off_what_the_first_one_waits_for() {
    let home = home();
    let mut command = causeway(home.path());
    command.env("PROXY_ACCESS_KEY", "kQ7-f83jd_02LmPz");
    let mut running = Running::start(command);
    let mut client = TcpStream::connect(&running.address).unwrap();
    let head = "POST /v1/messages HTTP/1.1\r\nhost: causeway\r\nx-api-key: kQ7-f83jd_02LmPz\r\n\
                content-type: application/json\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    let mut interim = String::new();
    BufReader::new(&client).read_line(&mut interim).unwrap();
    assert!(interim.starts_with("HTTP/1.1 100"), "{interim}");

    running.signal("TERM");
    let mut line = String::new();
    while !line.contains("stopping") {
        line.clear();
        assert_ne!(running.log.read_line(&mut line).unwrap(), 0);
    }
    running.signal("TERM");

    let (code, _, log) = running.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("cut off") && log.contains("connections=1"), "{log}");
}

#[test]
fn a_taken_port_is_named_and_makes_no_keys() {
    let home = home();
    let other = self::home();
    let running = Running::start(causeway(home.path()));
    let port = running.address.rsplit_once(':').unwrap().1;
    let output = causeway(other.path()).env("PORT", port).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains(&running.address), "{}", said(&output));
    assert!(output.stdout.is_empty());
    assert!(!other.path().join("config/config.json").exists());
    running.signal("TERM");
    running.end();
}

#[test]
fn a_wrong_variable_stops_the_start_and_an_unknown_one_warns() {
    let home = home();
    let output = causeway(home.path()).env("LOG_LEVEL", "loud").env("PORT", "x").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output).lines().count(), 2, "{}", said(&output));

    let mut command = causeway(home.path());
    command.env("CAUSEWAY_PROT", "1").env("ENV", "production").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with('{') && first.contains("CAUSEWAY_PROT"), "{first}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn check_tells_problems_by_its_exit_code_too() {
    let home = home();
    let good = home.path().join("good.json");
    let bad = home.path().join("bad.json");
    std::fs::write(&good, r#"{"channels": []}"#).unwrap();
    std::fs::write(&bad, r#"{"channels": [{}]}"#).unwrap();
    for (file, code) in [(&good, 0), (&bad, 1)] {
        let output = causeway(home.path()).arg("check").arg(file).output().unwrap();
        assert_eq!(output.status.code(), Some(code));
    }
    assert!(!home.path().join("config").exists());
}

#[test]
fn the_help_explains_commands_and_variables() {
    let output = causeway(home().path()).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for word in ["serve", "check", "demo", "PROXY_ACCESS_KEY", "[default: 3000]"] {
        assert!(help.contains(word), "{word} in {help}");
    }
}

#[test]
fn an_import_is_tried_and_then_done() {
    let home = home();
    let file = home.path().join("ccx.json");
    let text = r#"{"upstream": [{"name": "relay", "baseUrl": "https://relay.example", "apiKeys": ["sk-canary-1"]}]}"#;
    std::fs::write(&file, text).unwrap();
    let run = |arguments: &[&str]| {
        let output = causeway(home.path()).arg("import").args(arguments).arg(&file).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), said(&output))
    };
    let (code, printed, _) = run(&["--dry-run", "ccx"]);
    assert_eq!(
        (code, printed.as_str()),
        (Some(0), "+ channel relay\n\nNothing was changed: this was a dry run.\n")
    );
    assert!(!home.path().join("config").exists());
    let (code, printed, _) = run(&["ccx"]);
    assert_eq!((code, printed.as_str()), (Some(0), "+ channel relay\n\nDone.\n"));
    let checked = causeway(home.path()).arg("check").output().unwrap();
    assert!(String::from_utf8_lossy(&checked.stdout).contains("ok (1 channels, 1 upstream keys)"));

    let (code, printed, problem) = run(&["causeway"]);
    assert_eq!((code, printed.as_str()), (Some(1), ""));
    assert!(problem.contains("ccx.json: upstream: unknown field"), "{problem}");
    assert_eq!(run(&["nginx"]).0, Some(2));
}
