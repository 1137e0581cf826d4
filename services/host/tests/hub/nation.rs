//! A hub of three servers and forces linked to it, as provisioned, each with its keys.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use brokers::{Cluster, Link, Server, free_ports};
use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, Connection, Headers, Outgoing};
use host::provision::hub::{self, HubIdentity, HubPlan};
use host::provision::{self, Change, Existing, HubLink, Identity, Node, Plan, named_seed_file, seed_file};

/// A stream that could not reach its source tries again after 10 seconds, then 20, then 30, on to two minutes.
pub(crate) const SOON: Duration = Duration::from_secs(150);

pub(crate) fn force(name: &str) -> Force {
    Force::parse(name).unwrap()
}

/// Where the servers of a test keep their streams: `brokers` puts each one's own folder there.
fn store() -> PathBuf {
    PathBuf::from("{folder}/jetstream")
}

/// A hub on this machine, that knows these forces and makes their keys.
pub(crate) fn hub_plan(forces: &[&str]) -> HubPlan {
    let ports = free_ports(9);
    let node = |n: usize| {
        let [clients, routes, leaves] = [ports[n], ports[3 + n], ports[6 + n]];
        format!("hub-{n}=127.0.0.1:{clients}:{routes}:{leaves}").parse().unwrap()
    };
    HubPlan {
        listen: "127.0.0.1".to_owned(),
        store: store(),
        replicas: 3,
        nodes: (0..3).map(node).collect(),
        tls: None,
        forces: forces.iter().map(|name| (force(name), String::new())).collect(),
    }
}

/// Hub, forces, links.
pub(crate) struct Nation {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) plan: HubPlan,
    pub(crate) hub: Cluster,
    pub(crate) forces: BTreeMap<Force, Server>,
    pub(crate) links: BTreeMap<Force, Link>,
}

impl Nation {
    pub(crate) async fn start(names: &[&str]) -> Option<Nation> {
        let (folder, plan) = (tempfile::tempdir().unwrap(), hub_plan(names));
        let (mut forces, mut links) = (BTreeMap::new(), BTreeMap::new());
        for name in names {
            let (server, link) = start_force(folder.path(), &plan, &force(name))?;
            forces.insert(force(name), server);
            links.insert(force(name), link);
        }
        let written = hub::write(&plan, folder.path(), Existing::Keep).unwrap();
        assert_eq!(written.forces.len(), names.len());
        let hub = Cluster::start(&configs(folder.path(), &plan))?;
        let nation = Nation { folder, plan, hub, forces, links };
        nation.until_linked().await;
        nation.make_streams().await;
        Some(nation)
    }

    /// Waits until each force's server is linked to one of the hub's.
    pub(crate) async fn until_linked(&self) {
        let (begun, count) = (Instant::now(), self.forces.len() as u64);
        let links = |node: &Server| node.page("/leafz").and_then(|page| page["leafnodes"].as_u64());
        while self.hub.nodes.iter().filter_map(links).sum::<u64>() < count {
            assert!(begun.elapsed() < SOON);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// One more force, by a second run of the provisioning and a reload of every node.
    pub(crate) async fn add(&mut self, name: &str) {
        let read = |folder: &Path| fs::read_to_string(folder.join("accounts.conf")).unwrap();
        let before = read(self.folder.path());
        let (server, link) = start_force(self.folder.path(), &self.plan, &force(name)).unwrap();
        self.plan.forces.insert(force(name), String::new());
        let written = hub::write(&self.plan, self.folder.path(), Existing::Keep).unwrap();
        let changed: Vec<_> = written.configs.iter().filter(|file| file.change != Change::Same).collect();
        assert!(changed.len() == 1 && changed[0].path.ends_with("accounts.conf"), "{changed:?}");
        let now = read(self.folder.path());
        for node in &mut self.hub.nodes {
            node.reload(|text| text.replace(&before, &now));
        }
        self.forces.insert(force(name), server);
        self.links.insert(force(name), link);
        self.until_linked().await;
        self.make_streams().await;
    }

    /// As the operators of each do, each with their own key.
    pub(crate) async fn make_streams(&self) {
        for force in self.forces.keys() {
            let provisioning = self.at_force(force, Identity::Provisioning);
            provision::streams(force, 1, &provisioning).await.unwrap();
        }
        hub::streams(&self.plan, &self.at_hub(HubIdentity::Provisioning)).await.unwrap();
    }

    pub(crate) fn at_force(&self, force: &Force, identity: Identity) -> Connection {
        Connection {
            nkey_file: Some(seed_file(&hub::force_folder(self.folder.path(), force), identity)),
            ..Connection::to(self.forces[force].url(), identity.name())
        }
    }

    pub(crate) fn at_hub(&self, identity: HubIdentity) -> Connection {
        Connection {
            servers: self.hub.urls(),
            nkey_file: Some(named_seed_file(self.folder.path(), identity.name())),
            ..Connection::to("", identity.name())
        }
    }

    /// Sends sealed batches as the force's recorder does.
    pub(crate) async fn seal(&self, force: &Force, numbers: std::ops::Range<u64>) {
        let bus = connect(&self.at_force(force, Identity::Recorder)).await;
        for number in numbers {
            let message = Outgoing {
                subject: force.sealed(),
                id: format!("{force}/{number}"),
                headers: Headers::new(),
                payload: Bytes::from(format!("{force} {number}")),
                expect_last: Some(number),
            };
            bus.publish(message).await.unwrap();
        }
    }

    /// Waits until every copy at the hub has exactly what the force has, and reads it all.
    pub(crate) async fn until_hub_has(&self, force: &Force, count: u64) {
        let (begun, stream) = (Instant::now(), force.sealed_log().name);
        while self.hub.until_equal(&stream) < count {
            assert!(begun.elapsed() < SOON, "{:?}", self.hub.copies(&stream));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(self.hub.until_equal(&stream), count);
        let bus = connect(&self.at_hub(HubIdentity::Hub)).await;
        for sequence in 1..=count {
            let message = bus.message(&stream, sequence).await.unwrap().unwrap();
            assert_eq!(message.payload, format!("{force} {}", sequence - 1));
            assert_eq!(message.subject, force.sealed());
        }
    }
}

pub(crate) async fn connect(settings: &Connection) -> Bus {
    let bus = Bus::connect(settings).await.unwrap();
    bus.connected(Duration::from_secs(10)).await.unwrap();
    bus
}

/// The files of the hub's nodes, each complete: `brokers` gives each server a folder of its own.
pub(crate) fn configs(folder: &Path, plan: &HubPlan) -> Vec<String> {
    let accounts = fs::read_to_string(folder.join("accounts.conf")).unwrap();
    let read = |node: &Node| fs::read_to_string(folder.join(format!("{}.conf", node.name))).unwrap();
    plan.nodes.iter().map(|node| read(node).replace("include ./accounts.conf", &accounts)).collect()
}

/// A force's server, on a link that can be cut.
pub(crate) fn start_force(folder: &Path, hub: &HubPlan, force: &Force) -> Option<(Server, Link)> {
    let alone = Plan::alone(force.clone(), "127.0.0.1:-1", &store());
    let plan = Plan { hub: Some(HubLink { ..hub.link() }), ..alone };
    let written = provision::write(&plan, &hub::force_folder(folder, force), Existing::Keep).unwrap();
    let link = Link::to(&hub.nodes.iter().map(|node| node.leaves).collect::<Vec<_>>());
    let mut config = fs::read_to_string(written.config()).unwrap();
    for (node, port) in hub.nodes.iter().zip(link.ports()) {
        config = config.replace(&format!("127.0.0.1:{}", node.leaves), &format!("127.0.0.1:{port}"));
    }
    Some((Server::with_config(&config)?, link))
}

/// A force's server that is linked to somebody who listens on this port, and by what key.
pub(crate) fn linked_to(folder: &Path, force: &Force, port: u16) -> Option<(Server, String)> {
    let hub = HubLink { urls: vec![format!("nats-leaf://127.0.0.1:{port}")], ca: None };
    let plan = Plan { hub: Some(hub), ..Plan::alone(force.clone(), "127.0.0.1:-1", &store()) };
    let written = provision::write(&plan, folder, Existing::Keep).unwrap();
    let server = Server::with_config(&fs::read_to_string(written.config()).unwrap())?;
    Some((server, written.leaf.unwrap()))
}
