//! A look at our own house: the rules that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::root;

/// A foreign name, and the only places that may say it.
const ONE_FILE: &[(&str, &[&str])] = &[
    ("sled::", &["ledger/store/src/index.rs", "ledger/store/src/index/"]),
    ("std::time::SystemTime", &["services/scrutiny/src/signing.rs", "services/host/src/clock.rs"]),
    ("SystemTime::now", &["services/scrutiny/src/signing.rs", "services/host/src/clock.rs"]),
    ("axum::", &["services/host/src/ops.rs"]),
    ("opentelemetry", &["services/host/src/telemetry"]),
    ("tokio::signal", &["services/host/src/stopping.rs"]),
    ("async_nats", &["services/host/src/bus/jetstream"]),
];

/// What the pure crates may not touch.
const IMPURE: &[&str] =
    &["std::fs", "std::net", "std::process", "std::thread", "std::time", "std::env", "getrandom", "tokio"];

#[test]
fn foreign_names_stay_in_their_one_file() {
    for file in sources() {
        let text = code(&file);
        for (name, homes) in ONE_FILE {
            let home = homes.iter().any(|home| relative(&file).starts_with(home));
            assert!(home || !text.contains(name), "{} names {name}", relative(&file));
        }
    }
}

#[test]
fn the_pure_crates_are_pure() {
    for file in sources().into_iter().filter(|f| is_pure(&relative(f))) {
        let text = code(&file);
        for name in IMPURE {
            assert!(!text.contains(name), "{} names {name}", relative(&file));
        }
    }
}

#[test]
fn the_architecture_names_every_crate_and_every_path_in_the_readme_exists() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml is there");
    let members = manifest.lines().skip_while(|l| *l != "members = [").skip(1).take_while(|l| *l != "]");
    for member in members.map(|line| line.trim().trim_matches(['"', ','])) {
        assert!(architecture.contains(&format!("`{member}`")), "ARCHITECTURE.md does not name `{member}`");
    }
    for page in ["README.md", "ARCHITECTURE.md", "SECURITY.md"] {
        let text = fs::read_to_string(root().join(page)).expect("the page is there");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            let local = !path.is_empty() && !path.contains("://");
            assert!(!local || root().join(path).exists(), "{page} links to {path}");
        }
    }
}

#[test]
fn every_test_that_the_architecture_names_exists() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let all: String = every_rust_file().iter().map(|f| fs::read_to_string(f).unwrap_or_default()).collect();
    let table = architecture.lines().filter(|line| line.starts_with("| ") && line.contains("::"));
    let mut seen = 0;
    for name in
        table.flat_map(|line| line.split('`')).filter(|part| part.contains("::") && !part.contains(' '))
    {
        let test = name.rsplit("::").next().unwrap_or_default();
        assert!(
            all.contains(&format!("fn {test}(")),
            "ARCHITECTURE.md names the test {name}, which is not there"
        );
        seen += 1;
    }
    assert!(seen >= 12, "each invariant names the test that holds it");
}

fn is_pure(path: &str) -> bool {
    // The projector's folds are pure; the process around them is not.
    if ["services/projector/src/service", "services/projector/src/main.rs"]
        .iter()
        .any(|p| path.starts_with(p))
    {
        return false;
    }
    [
        "ledger/core/src",
        "ledger/rules/src",
        "ledger/sample/src",
        "ledger/draft/src",
        "services/projector/src",
        "services/imports/src",
    ]
    .iter()
    .any(|p| path.starts_with(p))
}

/// A file without its comments and without the tests at its end.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("our own source is readable");
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

fn relative(file: &Path) -> String {
    file.strip_prefix(root()).expect("our own source is in the project").display().to_string()
}

/// Sources of the libraries and services, without tests, examples and benchmarks.
fn sources() -> Vec<PathBuf> {
    let is_source = |f: &PathBuf| {
        let path = relative(f);
        path.contains("/src/")
            && !path.ends_with("/tests.rs")
            && !path.contains("/tests/")
            && !path.contains("testing")
    };
    let found: Vec<PathBuf> = every_rust_file().into_iter().filter(is_source).collect();
    assert!(found.len() > 50, "the house has more rooms than {}", found.len());
    found
}

fn every_rust_file() -> Vec<PathBuf> {
    ["proto", "ledger", "services", "tests"].iter().flat_map(|dir| rust_files(&root().join(dir))).collect()
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir).expect("our own folders are readable") {
        let path = item.expect("our own folders are readable").path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}
