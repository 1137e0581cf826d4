//! `scrutiny bus provision DIR --force SLUG`: the broker of one force.

use std::path::Path;

use host::bus::Connection;
use host::bus::names::Force;
use host::provision::{self, HubLink, Plan, Written};
use serde_json::json;

use super::{a_folder, changed, file_line, force_named, paths, stop};
use crate::cli::BusProvisionForce;
use crate::exit::{Done, Stop};
use crate::output::Output;
use crate::reach;

pub(super) fn provision(args: &BusProvisionForce, out: Output) -> Done {
    // Optional only where `hub` follows.
    let (Some(dir), Some(force)) = (&args.dir, &args.force) else {
        return Err(Stop::Usage("give a folder and --force SLUG".to_owned()));
    };
    let force = force_named(force)?;
    a_folder(dir)?;
    let there = match &args.make.to {
        Some(_) => provision::written(dir).map_err(stop)?,
        None => None,
    };
    let plan = plan(args, dir, &force)?;
    let written = match there {
        Some(written) => written,
        None => provision::write(&plan, dir, args.servers.existing()).map_err(stop)?,
    };
    let streams = match &args.make.to {
        Some(url) => made(&args.make.connection(dir, url), &plan)?,
        None => Vec::new(),
    };
    let keys: Vec<_> =
        written.seeds.iter().map(|(who, path)| json!({ "identity": who.name(), "seed": path })).collect();
    out.result("bus provision", &text(args, &written, &streams), || {
        json!({
            "config": written.config(), "configs": paths(&written.configs), "changed": changed(&written.configs),
            "keys": keys, "kept": written.kept, "streams": streams, "link": written.leaf,
        })
    });
    out.say(&next(args, &written));
    Ok(())
}

/// What an earlier run was told, and over it what this one is.
fn plan(args: &BusProvisionForce, dir: &Path, force: &Force) -> Done<Plan> {
    let before = provision::planned(dir).map_err(stop)?;
    if let Some(before) = before.as_ref().filter(|before| before.force != *force) {
        let dir = dir.display();
        return Err(Stop::Conflict(format!("{dir} is the broker of {}, not of {force}", before.force)));
    }
    let servers = &args.servers;
    let mut plan = before.unwrap_or_else(|| Plan {
        replicas: servers.copies(),
        ..Plan::alone(force.clone(), "0.0.0.0:4222", Path::new("/data"))
    });
    if let Some(listen) = &servers.listen {
        plan.listen.clone_from(listen);
    }
    if let Some(store) = &servers.store {
        plan.store.clone_from(store);
    }
    if !servers.node.is_empty() {
        plan.nodes.clone_from(&servers.node);
        plan.replicas = servers.copies();
    }
    plan.replicas = servers.replicas.unwrap_or(plan.replicas);
    plan.tls = servers.tls().or(plan.tls);
    if !args.hub.is_empty() {
        plan.hub = Some(HubLink { urls: args.hub.clone(), ca: args.hub_ca.clone() });
    }
    Ok(plan)
}

fn made(connection: &Connection, plan: &Plan) -> Done<Vec<String>> {
    let streams = provision::streams(&plan.force, plan.replicas, connection);
    reach::wait_for(async { streams.await.map_err(stop) })
}

fn text(args: &BusProvisionForce, written: &Written, streams: &[String]) -> String {
    let mut text: String = match &args.make.to {
        Some(_) => written.configs.iter().map(|file| format!("{}\n", file.path.display())).collect(),
        None => written.configs.iter().map(file_line).collect(),
    };
    for (who, path) in &written.seeds {
        text.push_str(&format!("  {:<13} {}\n", who.name(), path.display()));
    }
    if written.kept > 0 {
        text.push_str(&format!("{} keys were there and are kept.\n", written.kept));
    }
    if let Some(key) = &written.leaf {
        text.push_str(&format!("The hub knows this force's link by {key}\n"));
    }
    if let Some(url) = &args.make.to {
        text.push_str(&format!("{} are on {url}.\n", streams.join(" and ")));
    }
    text.trim_end().to_owned()
}

fn next(args: &BusProvisionForce, written: &Written) -> String {
    match (&args.make.to, changed(&written.configs).is_empty()) {
        (Some(_), _) => "Next: start the services, each with its own key (nats.nkey)".to_owned(),
        (None, false) => {
            "Next: compare with the one before, and reload: nats-server --signal reload".to_owned()
        }
        (None, true) => {
            let each = if written.configs.len() == 1 { "" } else { " (each server its own file)" };
            let config = written.config().display();
            format!(
                "Next: nats-server --config {config}{each}, then the same command again with --to nats://HOST:4222"
            )
        }
    }
}
