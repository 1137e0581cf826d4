//! The services, as a person starts, looks at and stops them.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::Scene;

/// Ready in seconds; ten times that on a machine that has other things to do.
const READY: &str = "60";

/// A `scrutiny up` that runs, and is killed when the test ends early.
pub(super) struct Up {
    child: Child,
}

impl Up {
    pub(super) fn start(scene: &Scene, args: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_scrutiny"))
            .args(["up", "--ops-listen", "127.0.0.1:0"])
            .args(args)
            .current_dir(scene.path(""))
            .env_remove("SCRUTINY_LEDGER")
            .env_remove("SCRUTINY_KEYS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let up = Self { child };
        let status = scene.run(["status", "--wait", READY]);
        assert_eq!(status.code, 0, "{status:?}");
        up
    }

    /// Asks it to stop, as ctrl-c does, and returns its exit code and what it said.
    pub(super) fn stop(mut self) -> (i32, String) {
        signal(self.child.id(), "INT");
        let code = self.child.wait().expect("it ends").code().unwrap_or(-1);
        let mut said = String::new();
        for pipe in [
            self.child.stdout.take().map(|p| Box::new(p) as Box<dyn std::io::Read>),
            self.child.stderr.take().map(|p| Box::new(p) as Box<dyn std::io::Read>),
        ] {
            pipe.expect("its outputs are piped").read_to_string(&mut said).expect("text");
        }
        if code != 0 {
            eprintln!("`scrutiny up` ended with {code}: {said}");
        }
        (code, said)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(sent.expect("kill is there").success());
}

/// A process that has ended and that nobody has asked about yet has a number still, and no command line.
fn is_running(process: &str) -> bool {
    let command_line = Path::new("/proc").join(process.trim()).join("cmdline");
    std::fs::read(command_line).is_ok_and(|words| !words.is_empty())
}

#[test]
fn every_service_runs_in_one_process_says_how_it_is_and_stops_when_asked() {
    let scene = Scene::with_people();
    let before = scene.run(["status"]);
    assert_eq!(before.code, 8, "{before:?}");
    assert!(before.stderr.contains("nobody answers at ledger"), "{before:?}");
    assert!(before.stderr.contains("scrutiny --ledger ledger up"), "{before:?}");

    let started = Instant::now();
    let up = Up::start(&scene, &[]);
    assert!(started.elapsed() < Duration::from_secs(20), "ready in seconds");
    let status = scene.json(["status"]);
    let services = status["services"].as_array().expect("services");
    for role in ["recorder", "review", "inspection", "response", "projector"] {
        let service =
            services.iter().find(|s| s["name"] == role).unwrap_or_else(|| panic!("{role}: {status}"));
        assert_eq!(service["state"], "ready", "{service}");
    }
    let ledger = &status["ledgers"][0];
    assert_eq!(ledger["force"], "ledger-office");
    assert_eq!(ledger["tree_size"], scene.size(), "reading goes on beside the services");
    assert_eq!(ledger["checkpoint_size"], ledger["tree_size"]);
    assert!(ledger["checkpoint_age_ms"].is_u64(), "{ledger}");
    assert_eq!(ledger["inbox_waiting"], 0);

    let live = scene.json(["register", "--to", "ledger", "--as-of", "2022-01-01"]);
    let read = scene.json(["register", "--as-of", "2022-01-01"]);
    assert_eq!(live["register"], read["register"], "the projector answers what a replay says");
    assert_eq!(live["register"]["tree_size"], scene.size());
    let shown = scene.run(["register", "--to", "ledger"]);
    assert!(shown.code == 0 && shown.stdout.contains("Computed from"), "{shown:?}");
    let past = scene.run(["register", "--to", "ledger", "--at", "1"]);
    assert_eq!(past.code, 2, "{past:?}");

    let second = scene.run(["up", "--ops-listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 8, "two recorders on one ledger: {second:?}");

    let (code, said) = up.stop();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("svc.recorder.ledger-office: "), "{said}");
    assert!(said.contains("Stopping"), "{said}");
    assert_eq!(scene.run(["status"]).code, 8);
    assert_eq!(scene.run(["verify", "ledger"]).code, 0);
    Up::start(&scene, &[]).stop();
}

/// Records the spotlight report through services, as an officer with keys and the log's policy elsewhere.
pub(super) fn an_officer_sends_a_report(scene: &Scene, to: &[&str]) {
    let policy = scene.run(["policy"]);
    std::fs::write(scene.path("keys/policy"), policy.stdout).expect("written");
    let before = scene.size();
    let report = crate::harness::root().join("demo/02-spotlight-report.yaml");
    let report = report.to_str().expect("a path in UTF-8");
    let sent = scene.run(["record", report, "--json"].iter().chain(to));
    assert_eq!(sent.code, 0, "{sent:?}");
    let receipts = sent.result();
    let receipts = receipts.as_array().expect("a receipt for each statement");
    for receipt in receipts {
        assert_eq!(receipt["state"], "published", "{receipt}");
        assert!(receipt["proof"].as_str().expect("a proof").starts_with("c2sp.org/tlog-proof@v1\n"));
    }
    assert_eq!(scene.size(), before + receipts.len() as u64, "each is an entry, once");
    let register = scene.register("2021-04-13");
    assert!(register.to_string().contains("finding/dupp-2021/1"), "the register shows it");
    let waiting = scene.json(["outbox", "list"]);
    assert_eq!(waiting.as_array().expect("a list").len(), 0, "{waiting}");
}

#[test]
fn what_an_officer_sends_is_durable_then_published_and_the_register_shows_it() {
    let scene = Scene::with_people();
    let up = Up::start(&scene, &[]);
    an_officer_sends_a_report(&scene, &["--to", "ledger"]);
    assert_eq!(up.stop().0, 0);
    let verified = scene.json(["verify", "ledger"]);
    assert_eq!(verified["findings"].as_array().map(Vec::len), Some(0), "{verified}");
}

#[test]
fn up_founds_a_ledger_only_when_it_is_asked_to() {
    let scene = Scene::empty();
    let nothing = scene.run(["up"]);
    assert_eq!(nothing.code, 5, "{nothing:?}");
    assert!(nothing.stderr.contains("scrutiny --ledger ledger up --found cambridgeshire"), "{nothing:?}");
    assert!(!scene.path("ledger").exists());

    let up = Up::start(&scene, &["--found", "cambs.bcb"]);
    assert_eq!(scene.json(["status"])["ledgers"][0]["force"], "cambs-bcb");
    assert_eq!(up.stop().0, 0);
    assert_eq!(scene.size(), 1);
}

#[test]
fn a_broker_that_up_started_stops_with_it_and_survives_ctrl_c_until_then() {
    let Some(program) = brokers::program() else { return };
    let scene = Scene::with_people();
    let path = program.path.display().to_string();
    let args = ["--nats", "local", "--nats-server", path.as_str(), "--nats-port", "0"];
    let up = Up::start(&scene, &args);
    let pid = scene.path("ledger/up/nats/nats.pid");
    let server = std::fs::read_to_string(&pid).expect("the server's number");
    assert!(is_running(&server));
    let (code, said) = up.stop();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Broker: nats://"), "{said}");
    assert!(!is_running(&server), "it stopped with us");

    // A crash leaves the server behind; the next start stops it before it starts its own on the same folder.
    let mut crashed = Up::start(&scene, &args);
    let orphan = std::fs::read_to_string(&pid).expect("the server's number");
    crashed.child.kill().expect("it runs");
    crashed.child.wait().expect("it ends");
    assert!(is_running(&orphan));
    let again = Up::start(&scene, &args);
    assert!(!is_running(&orphan));
    assert_eq!(again.stop().0, 0);
}
