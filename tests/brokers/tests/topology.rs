//! Three servers as one hub, two servers of forces on links to it, and what happens to each: the harness itself.
//!
//! The accounts here are as small as they can be. Those of a deployment are written by `host::provision`. `ping_interval`
//! is not the default, 2 minutes: for so long, twice, a force whose link ends at a silent node of the hub would wait
//! before it tried another.

use std::path::Path;
use std::time::{Duration, Instant};

use brokers::{Cluster, Link, Server, free_ports};
use bytes::Bytes;
use host::bus::{Bus, Connection, Headers, Outgoing};
use serde_json::{Value, json};

const FORCES: [&str; 2] = ["met", "kent"];

/// Hub, forces, and the links between them.
struct Nation {
    hub: Cluster,
    forces: Vec<Server>,
    links: Vec<Link>,
    passwords: tempfile::TempDir,
}

impl Nation {
    fn start() -> Option<Nation> {
        let (routes, leaves) = (free_ports(3), free_ports(3));
        let hub: Vec<String> = (0..3).map(|node| hub(node, &routes, &leaves)).collect();
        let hub = Cluster::start(&hub)?;
        let links: Vec<Link> = FORCES.iter().map(|_| Link::to(&leaves)).collect();
        let servers =
            FORCES.iter().zip(&links).map(|(force, link)| Server::with_config(&leaf(force, link.ports())));
        let forces = servers.collect::<Option<_>>()?;
        let passwords = tempfile::tempdir().expect("the folder for temporary files can be written");
        std::fs::write(passwords.path().join("p"), "p")
            .expect("the folder for temporary files can be written");
        Some(Nation { hub, forces, links, passwords })
    }

    /// Makes every stream: each force's own, and the hub's copy of it.
    async fn streams(&self) {
        let hub = connect(self.hub.urls(), "hub", self.passwords.path()).await;
        for (force, server) in FORCES.iter().zip(&self.forces) {
            let bus = connect(vec![server.url().to_owned()], force, self.passwords.path()).await;
            let own = json!({"subjects": [format!("ledger.{force}.sealed")], "num_replicas": 1});
            create(&bus, &sealed(force), own).await;
            let source = json!({
                "name": sealed(force),
                "filter_subject": format!("ledger.{force}.sealed"),
                "external": {"api": format!("JS.{force}.API"), "deliver": format!("deliver.{force}")},
            });
            create(&hub, &sealed(force), json!({"sources": [source], "num_replicas": 3})).await;
        }
    }

    async fn publish(&self, force: usize, numbers: std::ops::Range<u64>) {
        let url = self.forces[force].url().to_owned();
        let bus = connect(vec![url], FORCES[force], self.passwords.path()).await;
        for number in numbers {
            let message = Outgoing {
                subject: format!("ledger.{}.sealed", FORCES[force]),
                id: number.to_string(),
                headers: Headers::new(),
                payload: Bytes::from(vec![7; 500]),
                expect_last: Some(number),
            };
            bus.publish(message).await.expect("the force's own server takes it");
        }
    }

    /// Waits until every copy of the hub holds exactly so many.
    fn until_hub_has(&self, force: usize, count: u64) {
        let begun = Instant::now();
        while self.hub.until_equal(&sealed(FORCES[force])) < count {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{:?}",
                self.hub.copies(&sealed(FORCES[force]))
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(self.hub.until_equal(&sealed(FORCES[force])), count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_has_exactly_what_its_forces_have_whatever_happens_to_either() {
    let Some(mut nation) = Nation::start() else { return };
    nation.streams().await;
    nation.publish(0, 0..50).await;
    nation.publish(1, 0..30).await;
    nation.until_hub_has(0, 50);
    nation.until_hub_has(1, 30);

    // The hub is gone, and the forces go on.
    nation.hub.kill();
    nation.publish(0, 50..80).await;
    nation.hub.start_again();
    nation.until_hub_has(0, 80);

    // One force's link is gone, and nobody else's.
    nation.links[0].cut();
    nation.publish(0, 80..100).await;
    nation.publish(1, 30..60).await;
    nation.until_hub_has(1, 60);
    assert_eq!(nation.hub.until_equal(&sealed(FORCES[0])), 80);
    nation.links[0].heal();
    nation.until_hub_has(0, 100);
    // How many is the servers' business: they compress, or not, as they find the link.
    let (there, back) = nation.links[0].bytes();
    assert!(there > 0 && back > 0, "the force's server goes around its link");

    // The leader of a copy is silent.
    let leader = nation.hub.until_leader(&sealed(FORCES[1]));
    nation.hub.nodes[leader].pause();
    assert_ne!(nation.hub.until_leader(&sealed(FORCES[1])), leader);
    nation.hub.nodes[leader].resume();
    nation.publish(1, 60..80).await;
    nation.until_hub_has(1, 80);
}

/// No server mends a copy, none is unwell, and counts agree: what is lost shows to whoever reads, from the leader.
#[tokio::test(flavor = "multi_thread")]
async fn a_bit_flipped_in_one_copy_is_seen_by_whoever_reads_when_that_copy_leads() {
    let Some(mut nation) = Nation::start() else { return };
    nation.streams().await;
    nation.publish(0, 0..200).await;
    nation.until_hub_has(0, 200);
    let stream = sealed(FORCES[0]);
    let hub = connect(nation.hub.urls(), "hub", nation.passwords.path()).await;
    let follower = (nation.hub.until_leader(&stream) + 1) % 3;
    nation.hub.nodes[follower].until_written(&stream);
    nation.hub.nodes[follower].stop();
    nation.hub.nodes[follower].damage(&stream);
    nation.hub.start_again();
    assert_eq!(lost(&hub, &stream).await, 0, "another copy leads");
    lead(&nation.hub, &hub, &stream, follower).await;
    assert!(lost(&hub, &stream).await > 0, "the flip has cost nothing");
    nation.hub.until_ready();
}

/// Has one node lead a stream.
async fn lead(cluster: &Cluster, bus: &Bus, stream: &str, node: usize) {
    let begun = Instant::now();
    while cluster.until_leader(stream) != node {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", cluster.copies(stream));
        let body = json!({"placement": {"preferred": cluster.nodes[node].name()}}).to_string();
        let subject = format!("$JS.API.STREAM.LEADER.STEPDOWN.{stream}");
        // A node that is not current yet cannot lead, and the answer says so.
        let _ = bus.request(&subject, Headers::new(), Bytes::from(body), Duration::from_secs(5)).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How many of a stream's messages cannot be read.
async fn lost(bus: &Bus, stream: &str) -> u64 {
    let mut lost = 0;
    for sequence in 1..=200 {
        lost += u64::from(bus.message(stream, sequence).await.expect("the stream is there").is_none());
    }
    lost
}

fn sealed(force: &str) -> String {
    format!("SEALED_{}", force.to_ascii_uppercase())
}

async fn connect(servers: Vec<String>, user: &str, passwords: &Path) -> Bus {
    let connection = Connection {
        servers,
        user: Some(user.to_owned()),
        password_file: Some(passwords.join("p")),
        ..Connection::to("", user)
    };
    let bus = Bus::connect(&connection).await.expect("the settings are right");
    bus.connected(Duration::from_secs(10)).await.expect("the server is there");
    bus
}

async fn create(bus: &Bus, name: &str, mut config: Value) {
    config["name"] = json!(name);
    config["storage"] = json!("file");
    let body = Bytes::from(config.to_string());
    let subject = format!("$JS.API.STREAM.CREATE.{name}");
    let answer =
        bus.request(&subject, Headers::new(), body, Duration::from_secs(10)).await.expect("an answer");
    let answer: Value = serde_json::from_slice(&answer.payload).expect("JSON");
    assert!(answer["error"].is_null(), "{answer}");
}

fn hub(node: usize, routes: &[u16], leaves: &[u16]) -> String {
    let (route, leaf) = (routes[node], leaves[node]);
    let all: String = routes.iter().map(|port| format!("\"nats://127.0.0.1:{port}\", ")).collect();
    let (imports, accounts): (String, String) =
        FORCES.iter().map(|force| (hub_imports(force), hub_account(force))).unzip();
    format!(
        r#"
server_name: hub-{node}
ping_interval: 2s
ping_max: 2
listen: "127.0.0.1:-1"
jetstream {{ store_dir: "{{folder}}/jetstream", domain: hub, sync_interval: always }}
cluster {{ name: hub, listen: "127.0.0.1:{route}", routes: [ {all} ] }}
leafnodes {{ listen: "127.0.0.1:{leaf}", no_advertise: true, isolate_leafnode_interest: true }}
system_account: SYS
accounts {{
  SYS {{ }}
  HUB {{ jetstream: enabled, users: [ {{ user: hub, password: p }} ], imports: [ {imports} ] }}
  {accounts}
}}
"#
    )
}

fn hub_imports(force: &str) -> String {
    let (stream, account) = (sealed(force), format!("F_{}", force.to_ascii_uppercase()));
    format!(
        r#"
    {{ service: {{ account: {account}, subject: "$JS.{force}.API.CONSUMER.CREATE.{stream}.*.ledger.{force}.sealed" }},
       to: "JS.{force}.API.CONSUMER.CREATE.{stream}.*.ledger.{force}.sealed" }}
    {{ service: {{ account: {account}, subject: "$JS.{force}.API.CONSUMER.DELETE.{stream}.>" }},
       to: "JS.{force}.API.CONSUMER.DELETE.{stream}.>" }}
    {{ service: {{ account: {account}, subject: "$JS.FC.{stream}.>" }} }}
    {{ stream: {{ account: {account}, subject: "deliver.{force}.>" }} }}"#
    )
}

fn hub_account(force: &str) -> String {
    let stream = sealed(force);
    format!(
        r#"
  F_{account} {{
    users: [ {{ user: leaf-{force}, password: p }} ]
    exports: [
      {{ service: "$JS.{force}.API.CONSUMER.CREATE.{stream}.*.ledger.{force}.sealed", response_type: stream, accounts: [HUB] }}
      {{ service: "$JS.{force}.API.CONSUMER.DELETE.{stream}.>", accounts: [HUB] }}
      {{ service: "$JS.FC.{stream}.>", accounts: [HUB] }}
      {{ stream: "deliver.{force}.>", accounts: [HUB] }} ]
  }}"#,
        account = force.to_ascii_uppercase(),
    )
}

fn leaf(force: &str, hub: &[u16]) -> String {
    let account = force.to_ascii_uppercase();
    let urls: String =
        hub.iter().map(|port| format!("\"nats-leaf://leaf-{force}:p@127.0.0.1:{port}\", ")).collect();
    format!(
        r#"
server_name: leaf-{force}
ping_interval: 2s
ping_max: 2
listen: "127.0.0.1:-1"
jetstream {{ store_dir: "{{folder}}/jetstream", domain: {force}, sync_interval: always }}
leafnodes {{ remotes: [ {{ urls: [ {urls} ], account: {account} }} ] }}
system_account: SYS
accounts {{
  SYS {{ }}
  {account} {{ jetstream: enabled, users: [ {{ user: {force}, password: p }} ] }}
}}
"#
    )
}
