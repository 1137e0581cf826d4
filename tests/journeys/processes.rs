//! The services as a deployment has them: a process each, around a real broker, nobody permitted more than they must.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use brokers::Server;
use serde_json::Value;

use super::services::{an_officer_sends_a_report, signal};
use crate::harness::{Scene, root};

const ROLES: [&str; 5] = ["recorder", "projector", "review", "inspection", "response"];

/// Whose ledger the demonstration founds.
pub(super) const FORCE: &str = "ledger-office";

/// What a machine that has other things to do may take until every process is ready.
pub(super) const READY: Duration = Duration::from_secs(60);

/// Five processes and their broker.
struct Deployment {
    scene: Scene,
    server: Server,
    running: BTreeMap<&'static str, (Child, Vec<String>)>,
}

impl Deployment {
    /// A ledger with everybody's keys, a broker as `scrutiny bus provision` writes it, and nothing started yet.
    fn new() -> Option<Self> {
        brokers::program()?;
        let scene = Scene::with_people();
        let policy = scene.run(["policy"]);
        std::fs::write(scene.path("policy"), policy.stdout).expect("written");
        let provision = ["bus", "provision", "bus", "--force", FORCE];
        let written = scene.run(provision.into_iter().chain([
            "--listen",
            "127.0.0.1:-1",
            "--store",
            "{folder}/jetstream",
        ]));
        assert_eq!(written.code, 0, "{written:?}");
        let config =
            std::fs::read_to_string(scene.path("bus/nats.conf")).expect("the broker's configuration");
        let server = Server::with_config(&config)?;
        let made = scene.run(provision.into_iter().chain(["--to", server.url()]));
        assert_eq!(made.code, 0, "{made:?}");
        Some(Self { scene, server, running: BTreeMap::new() })
    }

    /// Starts a service with the sample configuration of `deploy/`, and what differs here as flags.
    fn start(&mut self, role: &'static str) {
        let at = |path: &str| self.scene.path(path).display().to_string();
        let mut args = vec![
            "--config".to_owned(),
            root().join(format!("deploy/{role}.toml")).display().to_string(),
            format!("--force={FORCE}"),
            format!("--nats-url={}", self.server.url()),
            format!("--nats-nkey={}", at(&format!("bus/keys/{role}.nk"))),
            format!("--ops-listen=127.0.0.1:{}", free_port()),
        ];
        args.extend(match role {
            "recorder" => {
                vec![format!("--ledger={}", at("ledger")), format!("--log-key={}", at("keys/log.key"))]
            }
            _ => vec![
                format!("--mirror={}", at(&format!("mirror-{role}"))),
                format!("--policy={}", at("policy")),
            ],
        });
        let log = std::fs::File::create(self.scene.path(&format!("{role}.log"))).expect("a log");
        let child = Command::new(program(role)).args(&args).stdin(Stdio::null()).stderr(log).spawn();
        self.running.insert(role, (child.expect("the program starts"), args));
    }

    /// What `healthcheck` says of one, as a container's engine asks.
    fn healthcheck(&self, role: &str) -> Result<Value, String> {
        let (_, args) = &self.running[role];
        let said = Command::new(program(role)).arg("healthcheck").args(args).output().expect("it runs");
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        if said.status.success() { Ok(serde_json::from_str(&text).expect("JSON")) } else { Err(text) }
    }

    fn wait_until_ready(&self) {
        let started = Instant::now();
        for role in self.running.keys() {
            while let Err(why) = self.healthcheck(role) {
                let log =
                    std::fs::read_to_string(self.scene.path(&format!("{role}.log"))).unwrap_or_default();
                assert!(started.elapsed() < READY, "{role} is not ready: {why}\n{log}");
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }

    /// Asks one to stop, as an engine does.
    fn stop(&mut self, role: &str) -> ExitStatus {
        let (mut child, _) = self.running.remove(role).expect("it runs");
        signal(child.id(), "TERM");
        child.wait().expect("it ends")
    }

    fn status(&self) -> Value {
        self.scene.json([
            "status",
            "--wait",
            "60",
            "--to",
            self.server.url(),
            "--nats-nkey",
            "bus/keys/status.nk",
        ])
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        for (child, _) in self.running.values_mut() {
            // It has ended already where the test went well.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port()
}

/// A service's binary. Other packages' are built by whoever tests the workspace; here nobody else may have.
pub(super) fn program(role: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let packages = ROLES.iter().chain(&["hub"]).flat_map(|role| ["-p", role]);
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--locked", "--quiet"]).args(packages).current_dir(root());
        // What cargo tells a test about its own package would make build scripts of others run again.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_")) {
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
                .iter()
                .any(|p| name.starts_with(p))
            {
                cargo.env_remove(name);
            }
        }
        assert!(cargo.status().expect("cargo runs").success(), "the services do not build");
    });
    PathBuf::from(env!("CARGO_BIN_EXE_scrutiny")).with_file_name(role)
}

#[test]
fn five_processes_around_a_broker_record_and_show_what_an_officer_sends() {
    let Some(mut deployment) = Deployment::new() else { return };
    for role in ROLES {
        deployment.start(role);
    }
    deployment.wait_until_ready();
    let status = deployment.status();
    for role in ROLES {
        let service = status["services"].as_array().expect("services").iter().find(|s| s["name"] == role);
        assert_eq!(service.unwrap_or_else(|| panic!("{role}: {status}"))["state"], "ready");
    }
    let url = deployment.server.url().to_owned();
    an_officer_sends_a_report(
        &deployment.scene,
        &["--to", &url, "--nats-nkey", "bus/keys/officer.nk", "--force", FORCE],
    );
    for role in ROLES {
        let ended = deployment.stop(role);
        assert!(ended.success(), "{role}: {ended}");
    }
    assert_eq!(deployment.scene.run(["verify", "ledger"]).code, 0);
}

/// A service was asked to stop while its broker was away, and took all of its twenty seconds.
#[test]
fn a_service_whose_broker_is_away_lives_says_so_and_stops_at_once_when_asked() {
    let Some(mut deployment) = Deployment::new() else { return };
    deployment.server.stop();
    for role in ROLES {
        deployment.start(role);
        let started = Instant::now();
        let said = loop {
            let said = deployment.healthcheck(role).expect_err("it cannot be ready");
            if said.contains("broker: it cannot be reached") || started.elapsed() > READY {
                break said;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(said.contains("broker: it cannot be reached"), "{role}: {said}");
        let asked = Instant::now();
        let ended = deployment.stop(role);
        let log = std::fs::read_to_string(deployment.scene.path(&format!("{role}.log"))).unwrap_or_default();
        assert!(ended.success(), "{role}: {ended}\n{log}");
        assert!(asked.elapsed() < Duration::from_secs(10), "{role} took {:?}", asked.elapsed());
    }
}
