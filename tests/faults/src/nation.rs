//! Forces and their hub: three servers that source from every force's own, and a process that keeps a verified mirror of
//! each ledger.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use brokers::{Cluster, Link};
use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, Connection, Headers};
use host::provision::hub::{self as plans, HubIdentity, HubPlan};
use host::provision::{Existing, HubLink, named_seed_file};
use hub::{Report, State};
use tempfile::TempDir;

use crate::ledger::signer_of;
use crate::scene::THERE;
use crate::servers::{STORE, nodes, quick};
use crate::{Outcome, Process, Programs, SETTLE, Scene, Setting};

/// Hub and forces.
pub struct Nation {
    /// The hub's servers.
    pub hub: Cluster,
    /// The forces, each with everything of its own.
    pub forces: Vec<Scene>,
    /// The link of each.
    pub links: Vec<Link>,
    programs: Programs,
    folder: TempDir,
    service: Option<Process>,
}

impl Nation {
    /// Everything at work, on founded ledgers: a force for each setting, linked to the hub. `None`, said loudly, without
    /// a nats-server.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(programs: Programs, settings: Vec<Setting>) -> Outcome<Option<Nation>> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let mut plan = HubPlan {
            listen: "127.0.0.1".to_owned(),
            store: PathBuf::from(STORE),
            replicas: 3,
            nodes: nodes("hub", 3),
            tls: None,
            forces: Default::default(),
        };
        let (mut forces, mut links) = (Vec::new(), Vec::new());
        for setting in settings {
            let link = Link::to(&plan.nodes.iter().map(|node| node.leaves).collect::<Vec<_>>());
            let urls = link.ports().iter().map(|port| format!("nats-leaf://127.0.0.1:{port}")).collect();
            let setting = Setting { hub: Some(HubLink { urls, ca: None }), ..setting };
            let force = setting.force.clone();
            let Some(scene) = Scene::set_up(programs.clone(), setting).await? else { return Ok(None) };
            plan.forces.insert(force, scene.leaf.clone().ok_or("a force with a hub has a key for its link")?);
            forces.push(scene);
            links.push(link);
        }
        plans::write(&plan, folder.path(), Existing::Keep).map_err(|e| e.to_string())?;
        let Some(hub) = Cluster::start(&configs(&plan, &folder)?) else { return Ok(None) };
        let mut nation = Nation { hub, forces, links, programs, folder, service: None };
        let provisioning = nation.connection(HubIdentity::Provisioning);
        plans::streams(&plan, &provisioning).await.map_err(|e| e.to_string())?;
        for scene in &mut nation.forces {
            scene.begin().await?;
        }
        nation.pin()?;
        nation.start_hub()?;
        Ok(Some(nation))
    }

    /// The inspectorate takes each log's keys by another way than the bus.
    fn pin(&self) -> Outcome {
        let policies = self.folder.path().join("hub/policies");
        fs::create_dir_all(&policies).map_err(|e| e.to_string())?;
        for scene in &self.forces {
            let keys = signer_of(&scene.force).verifier().vkeys();
            let policy: String = keys.iter().map(|key| format!("log {key}\n")).collect();
            let file = policies.join(format!("{}.policy", scene.force));
            fs::write(file, policy + "quorum none\n").map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// The process that keeps the mirrors.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_hub(&mut self) -> Outcome {
        let forces: Vec<String> = self.forces.iter().map(|scene| scene.force.to_string()).collect();
        let (url, forces) = (self.hub.urls().join(","), forces.join(","));
        let key = named_seed_file(self.folder.path(), HubIdentity::Hub.name()).display().to_string();
        let folder = self.folder.path().join("hub").display().to_string();
        let args = ["--nats-url", &url, "--nats-nkey", &key, "--ops-listen", "127.0.0.1:0"];
        let ours = ["--forces", &forces, "--folder", &folder, "--silence-seconds", "5"];
        let args: Vec<String> = args.into_iter().chain(ours).map(str::to_owned).collect();
        let log = self.folder.path().join("hub.log");
        self.service = Some(Process::start(&self.programs.hub, &args, &log)?);
        Ok(())
    }

    /// Kills it where it stands.
    pub fn kill_hub(&mut self) {
        if let Some(hub) = self.service.take() {
            hub.kill();
        }
    }

    /// The folder of a force's mirror at the hub.
    #[must_use]
    pub fn mirror_of(&self, force: &Force) -> PathBuf {
        self.folder.path().join("hub/mirrors").join(force.as_str())
    }

    /// Holds everything to every promise: each force's own ([`Scene::all_agree`]), and the hub's mirror of it has the
    /// same root, every copy of its stream the same messages, and `scrutiny hub status` nothing to complain of.
    ///
    /// # Errors
    /// Says which promise is broken.
    pub async fn all_agree(&mut self) -> Outcome {
        for at in 0..self.forces.len() {
            let scene = &mut self.forces[at];
            scene.all_agree().await?;
            let head = scene.head().await?;
            let (force, begun) = (scene.force.clone(), Instant::now());
            loop {
                let held = self.forces[at].held_in(&self.mirror_of(&force));
                if held == Ok((head.size.0, head.root)) {
                    break;
                }
                if begun.elapsed() > SETTLE {
                    return Err(format!(
                        "the hub's mirror of {force}: {held:?}, not {head:?}\n{}",
                        self.log()
                    ));
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        self.until("everything is well at the hub", |report| report.worst() == State::Ok).await.map(drop)
    }

    /// Waits until the hub says so. Gives what it said.
    ///
    /// # Errors
    /// When it does not within a while; its last word is in the error.
    pub async fn until(&self, what: &str, is: impl Fn(&Report) -> bool) -> Outcome<Report> {
        let bus = self.bus(HubIdentity::Status).await?;
        let begun = Instant::now();
        loop {
            let answer = bus.request("svc.hub.hub.status", Headers::new(), Bytes::new(), THERE).await;
            let report = answer.map_err(|e| e.to_string()).and_then(|message| {
                serde_json::from_slice::<Report>(&message.payload).map_err(|e| e.to_string())
            });
            match report {
                Ok(report) if is(&report) => return Ok(report),
                other if begun.elapsed() > SETTLE => {
                    return Err(format!("not yet: {what}: {other:?}\n{}", self.log()));
                }
                _ => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }

    /// A connection to the hub with somebody's key.
    ///
    /// # Errors
    /// When the hub is not there.
    pub async fn bus(&self, who: HubIdentity) -> Outcome<Bus> {
        let bus = Bus::connect(&self.connection(who)).await.map_err(|e| e.to_string())?;
        bus.connected(THERE).await.map_err(|e| e.to_string())?;
        Ok(bus)
    }

    fn connection(&self, who: HubIdentity) -> Connection {
        let seed = named_seed_file(self.folder.path(), who.name());
        Connection { servers: self.hub.urls(), nkey_file: Some(seed), ..Connection::to("", who.name()) }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("hub.log")).unwrap_or_default()
    }
}

/// The files of the hub's nodes, each complete: `brokers` gives each server a folder of its own.
fn configs(plan: &HubPlan, folder: &TempDir) -> Outcome<Vec<String>> {
    let accounts = fs::read_to_string(folder.path().join("accounts.conf")).map_err(|e| e.to_string())?;
    let read = |name: &str| quick(&folder.path().join(format!("{name}.conf")));
    let whole = |text: String| text.replace("include ./accounts.conf", &accounts);
    plan.nodes.iter().map(|node| read(&node.name).map(whole)).collect()
}
