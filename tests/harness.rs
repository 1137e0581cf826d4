//! A scene: a ledger with everybody's keys, and the program to act on it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{fs, io::Write as _};

use serde_json::Value;
use tempfile::TempDir;

/// The project's own folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project has a folder")
}

/// A ledger of its own for each scenario.
pub(crate) struct Scene {
    dir: TempDir,
}

/// What a command answered.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// As a person would see it, for a test that fails.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {}\n{}\n{}", self.code, self.stdout, self.stderr)
    }
}

impl Scene {
    /// The people of the demonstration with their keys, and the bodies registered; nothing else recorded.
    pub(crate) fn with_people() -> Self {
        static TEMPLATE: OnceLock<TempDir> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let dir = TempDir::new().expect("a temporary folder");
            let answer = run(dir.path(), ["demo", "scene", "--until", "01-bodies.yaml", "--quiet"], "");
            assert_eq!(answer.code, 0, "{answer:?}");
            dir
        });
        let dir = TempDir::new().expect("a temporary folder");
        copy_dir(&template.path().join("scene"), dir.path());
        Self { dir }
    }

    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { dir: TempDir::new().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Answer {
        run(self.dir.path(), args, "")
    }

    /// Runs a command that must succeed, and reads its `--json` result.
    pub(crate) fn json<const N: usize>(&self, args: [&str; N]) -> Value {
        let answer = self.run(args.into_iter().chain(["--json"]));
        assert_eq!(answer.code, 0, "{args:?}: {answer:?}");
        answer.result()
    }

    /// Records one of the demonstration's files.
    pub(crate) fn record_file(&self, name: &str) -> &Self {
        let file = root().join("demo").join(name);
        let answer = self.run(["record", file.to_str().expect("a path in UTF-8"), "--quiet"]);
        assert_eq!(answer.code, 0, "{name}: {answer:?}");
        self
    }

    /// Records what is typed.
    pub(crate) fn record(&self, yaml: &str) -> Answer {
        run(self.dir.path(), ["record", "-", "--json"], yaml)
    }

    /// Records what is typed, which must be accepted.
    pub(crate) fn accept(&self, yaml: &str) -> Value {
        let answer = self.record(yaml);
        assert_eq!(answer.code, 0, "{yaml}\n{answer:?}");
        answer.result()
    }

    /// Records what is typed, which must be refused under `code` and change nothing else.
    pub(crate) fn refuse(&self, code: &str, yaml: &str) {
        let before = self.size();
        let refusals = self.refusals();
        let answer = self.record(yaml);
        assert!(matches!(answer.code, 6 | 7), "{yaml}\n{answer:?}");
        assert!(answer.error().contains(&format!("{code}:")), "expected {code}: {answer:?}");
        assert_eq!(self.size(), before, "a refusal appends nothing");
        assert_eq!(self.refusals(), refusals + 1, "a refusal is kept");
    }

    /// How many entries there are.
    pub(crate) fn size(&self) -> u64 {
        self.json(["verify", "ledger"])["entries"].as_u64().expect("a size")
    }

    fn refusals(&self) -> usize {
        self.json(["refusals"]).as_array().expect("a list").len()
    }

    /// The register as of a day.
    pub(crate) fn register(&self, as_of: &str) -> Value {
        self.json(["register", "--as-of", as_of])
    }
}

impl Answer {
    fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub(crate) fn result(&self) -> Value {
        self.document()["result"].clone()
    }

    /// Why it stopped.
    pub(crate) fn error(&self) -> String {
        self.document()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// Runs the program in a folder, with nothing of this machine's in its environment but the path.
pub(crate) fn run<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>, input: &str) -> Answer {
    let mut child = Command::new(env!("CARGO_BIN_EXE_scrutiny"))
        .args(args)
        .current_dir(dir)
        .env_remove("SCRUTINY_LEDGER")
        .env_remove("SCRUTINY_KEYS")
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A command that does not read its input may be gone before all of it is written.
    let _ = child.stdin.take().expect("its input is piped").write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the program ends");
    Answer {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// Copies a folder with everything in it.
pub(crate) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for item in fs::read_dir(from).expect("a folder can be listed") {
        let path = item.expect("a folder can be listed").path();
        let target = to.join(path.file_name().expect("a listed file has a name"));
        if path.is_dir() {
            copy_dir(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a file can be copied");
        }
    }
}
