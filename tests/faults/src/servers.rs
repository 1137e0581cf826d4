//! The brokers of a scene, with the configuration that `scrutiny bus provision` writes.

use std::fs;
use std::path::{Path, PathBuf};

use brokers::{Cluster, free_ports};
use host::provision::{self, Identity, Plan};

use crate::scene::connection;
use crate::{Outcome, Setting};

/// Starts them, and makes the streams. `None`, said loudly, without a nats-server.
pub(crate) async fn start(setting: &Setting, folder: &Path) -> Outcome<Option<Cluster>> {
    let store = PathBuf::from("{folder}/jetstream");
    let plan = Plan { force: setting.force.clone(), listen: "127.0.0.1:-1".to_owned(), store, tls: None };
    let written = provision::write(&plan, folder).map_err(|e| e.to_string())?;
    let config = fs::read_to_string(written.config).map_err(|e| e.to_string())?;
    let configs = if setting.servers == 1 { vec![config] } else { of_cluster(&config, setting.servers) };
    let Some(servers) = Cluster::start(&configs) else { return Ok(None) };
    let provisioning = connection(&servers, folder, Identity::Provisioning);
    provision::streams(&setting.force, setting.servers, &provisioning).await.map_err(|e| e.to_string())?;
    Ok(Some(servers))
}

fn of_cluster(config: &str, servers: usize) -> Vec<String> {
    let ports = free_ports(servers);
    let routes: String = ports.iter().map(|port| format!("\"nats://127.0.0.1:{port}\", ")).collect();
    let node = |port: &u16| {
        let config = config.replacen("server_name: \"nats-", &format!("server_name: \"nats-{port}-"), 1);
        format!(
            "{config}\nping_interval: 2s\nping_max: 2\n\
             cluster {{ name: force, listen: \"127.0.0.1:{port}\", routes: [ {routes} ] }}\n"
        )
    };
    ports.iter().map(node).collect()
}
