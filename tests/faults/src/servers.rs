//! The brokers of a scene, with the configuration that `scrutiny bus provision` writes.

use std::fs;
use std::path::Path;

use brokers::{Cluster, free_ports};
use host::provision::{self, Existing, Identity, Node, Plan};

use crate::scene::connection;
use crate::{Outcome, Setting};

/// Starts them, and makes the streams. `None`, said loudly, without a nats-server.
pub(crate) async fn start(setting: &Setting, folder: &Path) -> Outcome<Option<Cluster>> {
    let alone = Plan::alone(setting.force.clone(), "127.0.0.1:-1", Path::new("{folder}/jetstream"));
    let plan = if setting.servers == 1 { alone } else { of_cluster(alone, setting.servers)? };
    let written = provision::write(&plan, folder, Existing::Keep).map_err(|e| e.to_string())?;
    let configs = written.configs.iter().map(|file| fs::read_to_string(&file.path));
    let configs = configs.collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    // A paused server is given up after six seconds here, not after half a minute: a test waits for it.
    let hasty = |config: &String| config.replace("ping_interval: \"10s\"", "ping_interval: \"2s\"");
    let configs: Vec<String> = configs.iter().map(hasty).collect();
    let Some(servers) = Cluster::start(&configs) else { return Ok(None) };
    let provisioning = connection(&servers, folder, Identity::Provisioning);
    provision::streams(&setting.force, plan.replicas, &provisioning).await.map_err(|e| e.to_string())?;
    Ok(Some(servers))
}

fn of_cluster(alone: Plan, servers: usize) -> Outcome<Plan> {
    let ports = free_ports(2 * servers);
    let node = |at: usize| {
        let node = format!("force-{at}=127.0.0.1:{}:{}", ports[at], ports[servers + at]);
        node.parse::<Node>().map_err(|e| e.to_string())
    };
    let nodes = (0..servers).map(node).collect::<Outcome<Vec<_>>>()?;
    Ok(Plan { nodes, replicas: servers, ..alone })
}
