//! What `docker compose --profile cluster` runs, as processes: a force's broker linked to a hub's, each provisioned by the
//! program with keys of its own, two recorders, and the hub's service, with the samples of `deploy/`.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use brokers::{Server, free_ports};
use serde_json::Value;

use super::processes::{FORCE, READY, free_port, program};
use super::services::{an_officer_sends_a_report, signal};
use crate::harness::{Scene, root};

struct Cluster {
    scene: Scene,
    force: Server,
    hub: Server,
    running: BTreeMap<String, Child>,
}

impl Cluster {
    fn new() -> Option<Self> {
        brokers::program()?;
        let scene = Scene::with_people();
        for recorder in ["recorder-1", "recorder-2"] {
            done(&scene, &["key", "new", recorder]);
            let (role, by) = (format!("REC of {FORCE}"), |root: &str| format!("{root} as ROOT of {FORCE}"));
            let roots = [by("first-root"), by("second-root")];
            done(&scene, &["key", "enrol", recorder, "--as", &role, "--by", &roots[0], "--by", &roots[1]]);
        }
        let policy = scene.run(["policy"]).stdout;
        fs::create_dir_all(scene.path("policies")).expect("a folder");
        fs::write(scene.path("policy"), &policy).expect("written");
        fs::write(scene.path(&format!("policies/{FORCE}.policy")), &policy).expect("written");
        let ports = free_ports(3);
        let (node, link) = (
            format!("hub-1=127.0.0.1:{}:{}:{}", ports[0], ports[1], ports[2]),
            format!("nats-leaf://127.0.0.1:{}", ports[2]),
        );
        let store = ["--store", "{folder}/jetstream"];
        let of_force =
            ["bus", "provision", "bus", "--force", FORCE, "--listen", "127.0.0.1:-1", "--hub", &link];
        let side = scene.run(of_force.into_iter().chain(store).chain(["--json"])).result();
        let member = format!("{FORCE}={}", side["link"].as_str().expect("the link's public half"));
        let of_hub =
            ["bus", "provision", "hub", "hub", "--listen", "127.0.0.1", "--node", &node, "--force", &member];
        done(&scene, &of_hub.into_iter().chain(store).collect::<Vec<_>>());
        let read = |path: &str| fs::read_to_string(scene.path(path)).expect("it is written");
        let hub = read("hub/hub-1.conf").replace("include ./accounts.conf", &read("hub/accounts.conf"));
        let (hub, force) = (Server::with_config(&hub)?, Server::with_config(&read("bus/nats.conf"))?);
        done(&scene, &["bus", "provision", "bus", "--force", FORCE, "--to", force.url()]);
        done(&scene, &["bus", "provision", "hub", "hub", "--to", hub.url()]);
        Some(Self { scene, force, hub, running: BTreeMap::new() })
    }

    fn start(&mut self, name: &str, role: &str, own: &[(&str, &str)]) {
        let at = |path: &str| self.scene.path(path).display().to_string();
        let (broker, keys) = if role == "hub" { (&self.hub, "hub") } else { (&self.force, "bus") };
        let mut args = vec![
            format!("--config={}", root().join(format!("deploy/{role}.toml")).display()),
            format!("--nats-url={}", broker.url()),
            format!("--nats-nkey={}", at(&format!("{keys}/keys/{role}.nk"))),
            format!("--ops-listen=127.0.0.1:{}", free_port()),
        ];
        args.extend(own.iter().map(|(flag, path)| format!("--{flag}={}", at(path))));
        args.push(if role == "hub" { format!("--forces={FORCE}") } else { format!("--force={FORCE}") });
        let log = fs::File::create(self.scene.path(&format!("{name}.log"))).expect("a log");
        let child = Command::new(program(role)).args(&args).stdin(Stdio::null()).stderr(log).spawn();
        self.running.insert(name.to_owned(), child.expect("the program starts"));
        let started = Instant::now();
        while !Command::new(program(role))
            .arg("healthcheck")
            .args(&args)
            .output()
            .expect("it runs")
            .status
            .success()
        {
            let log = fs::read_to_string(self.scene.path(&format!("{name}.log"))).unwrap_or_default();
            assert!(started.elapsed() < READY, "{name} is not ready\n{log}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    fn stop(&mut self, name: &str) {
        let mut child = self.running.remove(name).expect("it runs");
        signal(child.id(), "TERM");
        assert!(child.wait().expect("it ends").success(), "{name}");
    }

    fn hub_status(&self) -> Value {
        let key = "hub/keys/status.nk";
        let url = self.hub.url();
        self.scene.json(["hub", "status", "--to", url, "--nats-nkey", key, "--wait", "150"])
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            // It has ended already where the test went well.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn done(scene: &Scene, args: &[&str]) {
    let answer = scene.run(args);
    assert_eq!(answer.code, 0, "{args:?}: {}", answer.stderr);
}

#[test]
fn a_force_with_two_recorders_and_the_hub_run_by_the_samples_and_the_hub_holds_what_was_recorded() {
    let Some(mut cluster) = Cluster::new() else { return };
    let recorder = |ledger, key| [("ledger", ledger), ("log-key", "keys/log.key"), ("recorder-key", key)];
    cluster.start("recorder-1", "recorder", &recorder("ledger", "keys/recorder-1"));
    cluster.start("recorder-2", "recorder", &recorder("ledger-2", "keys/recorder-2"));
    for desk in ["inspection", "response", "review"] {
        cluster.start(desk, desk, &[("mirror", &format!("mirror-{desk}")), ("policy", "policy")]);
    }
    cluster.start("hub", "hub", &[("folder", "national"), ("policies", "policies")]);
    let url = cluster.force.url().to_owned();
    an_officer_sends_a_report(
        &cluster.scene,
        &["--to", &url, "--nats-nkey", "bus/keys/officer.nk", "--force", FORCE],
    );
    let size = cluster.scene.size();
    let status = cluster.hub_status().to_string();
    assert!(status.contains(FORCE), "{status}");
    let checked = cluster.scene.run([
        "bus",
        "check",
        "--hub",
        "--replicas",
        "1",
        "--force",
        FORCE,
        "--to",
        cluster.hub.url(),
        "--nats-nkey",
        "hub/keys/status.nk",
    ]);
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);

    // The one that leads leaves, and the other one has everything.
    cluster.stop("recorder-1");
    let status =
        cluster.scene.json(["status", "--wait", "60", "--to", &url, "--nats-nkey", "bus/keys/status.nk"]);
    assert!(
        status["ledgers"][0]["tree_size"].as_u64() > Some(size),
        "it says in the ledger that it leads: {status}"
    );
    // The hub has heard of it: its mirror ends under a checkpoint.
    cluster.hub_status();
    let names: Vec<String> = cluster.running.keys().cloned().collect();
    names.iter().for_each(|name| cluster.stop(name));
    let verify =
        |ledger: &str| cluster.scene.run(["verify", ledger, "--policy", "policy", "--json"]).result();
    let mirror = verify(&format!("national/mirrors/{FORCE}"));
    let both = verify("ledger-2");
    assert_eq!(both["findings"].as_array().map(Vec::len), Some(0), "{both}");
    assert_eq!(mirror["root"], both["root"]);
    assert_eq!(mirror["findings"].as_array().map(Vec::len), Some(0), "{mirror}");
    assert_eq!(mirror["counts"]["addenda"]["present"], 0, "sealed content stays with the force");
}
