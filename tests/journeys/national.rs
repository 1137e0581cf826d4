//! A force's ledger as the inspectorate reads it: its recorder behind a broker of its own, a link to the hub's, and the hub.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use brokers::Server;
use serde_json::Value;

use super::processes::{FORCE, free_port, program};
use super::services::signal;
use crate::harness::{Answer, Scene};

/// What a machine that has other things to do may take.
const SOON: Duration = Duration::from_secs(60);

struct National {
    scene: Scene,
    hub: Server,
    force: Server,
    running: Vec<Child>,
}

impl National {
    /// A hub and one force as `scrutiny bus provision hub` writes them, and nothing started but their brokers.
    fn new() -> Option<Self> {
        brokers::program()?;
        let scene = Scene::with_people();
        let ports = brokers::free_ports(3);
        let node = format!("hub-1=127.0.0.1:{}:{}:{}", ports[0], ports[1], ports[2]);
        let store = "{folder}/jetstream";
        let written = scene.run([
            "bus",
            "provision",
            "hub",
            "national",
            "--force",
            FORCE,
            "--listen",
            "127.0.0.1",
            "--store",
            store,
            "--node",
            &node,
            "--replicas",
            "1",
        ]);
        assert_eq!(written.code, 0, "{written:?}");
        let read =
            |file: &str| std::fs::read_to_string(scene.path("national").join(file)).expect("it was written");
        let hub = read("hub-1.conf").replace("include ./accounts.conf", &read("accounts.conf"));
        let hub = Server::with_config(&hub)?;
        let at = format!("national/forces/{FORCE}");
        let force = read(&format!("forces/{FORCE}/nats.conf")).replace("0.0.0.0:4222", "127.0.0.1:-1");
        let force = Server::with_config(&force)?;
        let made = scene.run(["bus", "provision", &at, "--force", FORCE, "--to", force.url()]);
        assert_eq!(made.code, 0, "{made:?}");
        let made = scene.run(["bus", "provision", "hub", "national", "--to", hub.url()]);
        assert_eq!(made.code, 0, "{made:?}");
        Some(Self { scene, hub, force, running: Vec::new() })
    }

    fn start(&mut self, role: &str, url: &str, key: &str, args: &[(&str, &str)]) {
        let at = |path: &str| self.scene.path(path).display().to_string();
        let log = std::fs::File::create(self.scene.path(&format!("{role}.log"))).expect("a log");
        let mut command = Command::new(program(role));
        command.args(["--nats-url", url, "--nats-nkey", &at(key)]);
        command.arg(format!("--ops-listen=127.0.0.1:{}", free_port()));
        command.args(args.iter().flat_map(|(name, value)| [*name, value]));
        let child = command.current_dir(self.scene.path("")).stdin(Stdio::null()).stderr(log).spawn();
        self.running.push(child.expect("the program starts"));
    }

    fn hub_status(&self, wait: &str) -> Answer {
        let key = "national/keys/status.nk";
        let args = ["hub", "status", "--json", "--wait", wait, "--to", self.hub.url(), "--nats-nkey", key];
        self.scene.run(args)
    }
}

impl Drop for National {
    fn drop(&mut self) {
        for child in &mut self.running {
            // It has ended already where the test went well.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn only(answer: &Answer) -> Value {
    answer.result()["forces"][0].clone()
}

#[test]
fn the_inspectorate_reads_a_forces_ledger_and_is_told_when_it_falls_silent() {
    let Some(mut national) = National::new() else { return };
    let nobody = national.hub_status("0");
    assert_eq!(nobody.code, 5, "{nobody:?}");
    let policy = national.scene.run(["policy"]).stdout;
    std::fs::create_dir_all(national.scene.path("hub/policies")).expect("a folder");
    std::fs::write(national.scene.path(&format!("hub/policies/{FORCE}.policy")), policy).expect("a file");
    let (url, hub_url) = (national.force.url().to_owned(), national.hub.url().to_owned());
    let key = format!("national/forces/{FORCE}/keys/recorder.nk");
    let ledger = [("--force", FORCE), ("--ledger", "ledger"), ("--log-key", "keys/log.key")];
    national.start("recorder", &url, &key, &ledger);
    let told = [("--forces", FORCE), ("--folder", "hub"), ("--silence-seconds", "3")];
    national.start("hub", &hub_url, "national/keys/hub.nk", &told);

    let well = national.hub_status("60");
    assert_eq!(well.code, 0, "{well:?}");
    let force = only(&well);
    assert_eq!((&force["state"], &force["pinned"]), (&"ok".into(), &true.into()), "{force}");
    assert_eq!(force["held"], force["checkpoint"]["size"]);

    // A mirror is a plain ledger folder, read beside the hub that writes it.
    let mirror = format!("hub/mirrors/{FORCE}");
    let policy = format!("hub/policies/{FORCE}.policy");
    let scene = &national.scene;
    assert_eq!(scene.json(["verify", &mirror, "--policy", &policy])["entries"], force["held"]);
    for command in [vec!["register"], vec!["figures"], vec!["bodies"], vec!["explain", "body/cambridgeshire"]]
    {
        let answer = scene.run(command.iter().copied().chain(["--ledger", &mirror]));
        assert_eq!(answer.code, 0, "{command:?}: {answer:?}");
    }
    let register = scene.json(["hub", "register", "hub"]);
    assert_eq!(register["forces"][0]["root"], force["root"]);
    assert_eq!(register["forces"][0]["pinned"], true);
    let none =
        scene.run(["hub", "evidence", FORCE, "--to", &hub_url, "--nats-nkey", "national/keys/status.nk"]);
    assert_eq!(none.code, 5, "{none:?}");

    let recorder = &mut national.running[0];
    signal(recorder.id(), "TERM");
    assert!(recorder.wait().expect("it ends").success());
    let started = Instant::now();
    let silent = loop {
        let silent = national.hub_status("0");
        if silent.code == 4 || started.elapsed() > SOON {
            break silent;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!((silent.code, &only(&silent)["state"]), (4, &"silent".into()), "{silent:?}");
}
