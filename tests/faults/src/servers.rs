//! The brokers of a scene, with the configuration that `scrutiny bus provision` writes.

use std::fs;
use std::path::{Path, PathBuf};

use brokers::{Cluster, free_ports};
use host::provision::{self, Existing, Identity, Node, Plan};

use crate::scene::connection;
use crate::{Outcome, Setting};

/// Where a server keeps its streams: `brokers` puts each one's own folder there.
pub(crate) const STORE: &str = "{folder}/jetstream";

/// Starts them, and makes the streams. Gives the link's public key as well, where there is a hub. `None`, said loudly,
/// without a nats-server.
pub(crate) async fn start(setting: &Setting, folder: &Path) -> Outcome<Option<(Cluster, Option<String>)>> {
    let written = provision::write(&plan(setting), folder, Existing::Keep).map_err(|e| e.to_string())?;
    let configs: Vec<String> =
        written.configs.iter().map(|config| quick(&config.path)).collect::<Outcome<_>>()?;
    let Some(servers) = Cluster::start(&configs) else { return Ok(None) };
    let provisioning = connection(&servers, folder, Identity::Provisioning);
    provision::streams(&setting.force, setting.servers, &provisioning).await.map_err(|e| e.to_string())?;
    Ok(Some((servers, written.leaf)))
}

fn plan(setting: &Setting) -> Plan {
    let alone = Plan::alone(setting.force.clone(), "127.0.0.1:-1", &PathBuf::from(STORE));
    let count = if setting.servers == 1 { 0 } else { setting.servers };
    let nodes = nodes(setting.force.as_str(), count);
    Plan { replicas: setting.servers, nodes, hub: setting.hub.clone(), ..alone }
}

/// Servers of a cluster, on ports that are free.
pub(crate) fn nodes(name: &str, count: usize) -> Vec<Node> {
    let ports = free_ports(3 * count);
    let node = |(n, ports): (usize, &[u16])| Node {
        name: format!("{name}-{n}"),
        host: "127.0.0.1".to_owned(),
        clients: ports[0],
        routes: ports[1],
        leaves: ports[2],
    };
    ports.chunks(3).enumerate().map(node).collect()
}

/// A configuration as it was written, but for one thing: a server that has fallen silent is found out in six seconds
/// instead of half a minute. Tests wait for that.
pub(crate) fn quick(config: &Path) -> Outcome<String> {
    let text = fs::read_to_string(config).map_err(|e| format!("{}: {e}", config.display()))?;
    Ok(text.replace("ping_interval: \"10s\"", "ping_interval: \"2s\""))
}
