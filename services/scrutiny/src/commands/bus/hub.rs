//! `scrutiny bus provision hub`: the hub's servers, and each force's side of its link.

use std::collections::BTreeMap;

use host::bus::names::Force;
use host::provision::hub::{self, HubPlan, HubWritten};
use serde_json::json;

use super::{a_folder, changed, file_line, force_named, paths, stop};
use crate::cli::BusProvisionHub;
use crate::exit::{Done, Stop};
use crate::output::Output;
use crate::reach;

pub(super) fn provision(args: &BusProvisionHub, out: Output) -> Done {
    a_folder(&args.dir)?;
    let plan = plan(args)?;
    match &args.make.to {
        Some(url) => make(args, &plan, url, out),
        None => write(args, &plan, out),
    }
}

fn write(args: &BusProvisionHub, plan: &HubPlan, out: Output) -> Done {
    let written = hub::write(plan, &args.dir, args.servers.existing()).map_err(stop)?;
    out.result("bus provision hub", &text(&written), || {
        let keys: Vec<_> =
            written.seeds.iter().map(|(who, path)| json!({ "identity": who.name(), "seed": path })).collect();
        let forces: Vec<_> = written
            .forces
            .iter()
            .map(
                |(force, side)| json!({ "force": force, "configs": paths(&side.configs), "link": side.leaf }),
            )
            .collect();
        json!({
            "configs": paths(&written.configs), "changed": changed(&written.configs), "keys": keys,
            "kept": written.kept, "forces": forces,
        })
    });
    out.say(&match changed(&written.configs).is_empty() {
        true => format!(
            "Next: carry each force's folder there, start nats-server on every machine with its file, make each force's \
             streams, then: scrutiny bus provision hub {} --to nats://HOST:4222",
            args.dir.display()
        ),
        false => format!(
            "Next: take the new files to every node and reload (nats-server --signal reload), then: scrutiny bus provision \
             hub {} --to nats://HOST:4222",
            args.dir.display()
        ),
    });
    Ok(())
}

fn make(args: &BusProvisionHub, plan: &HubPlan, url: &str, out: Output) -> Done {
    let connection = args.make.connection(&args.dir, url);
    let streams = reach::wait_for(async { hub::streams(plan, &connection).await.map_err(stop) })?;
    let text = match &streams[..] {
        [] => format!("{} knows no force yet; --force SLUG adds one.", args.dir.display()),
        some => format!("{} are on {url}, {} of each.", some.join(" and "), copies(plan.replicas)),
    };
    out.result("bus provision hub", &text, || json!({ "streams": streams, "replicas": plan.replicas }));
    out.say("Next: scrutiny bus check --hub --force SLUG … says whether each force is heard of; then start the hub's service");
    Ok(())
}

fn copies(count: usize) -> String {
    if count == 1 { "1 copy".to_owned() } else { format!("{count} copies") }
}

/// What earlier runs were told, and over it what this one is.
fn plan(args: &BusProvisionHub) -> Done<HubPlan> {
    let before = hub::planned(&args.dir).map_err(stop)?;
    let servers = &args.servers;
    if before.is_none() && args.make.to.is_some() {
        return Err(Stop::Usage(format!("{} holds no hub's configuration yet", args.dir.display())));
    }
    if before.is_none() && servers.node.is_empty() {
        let sentence = "forces have to find the hub: give each of its servers, --node hub-1=HOST";
        return Err(Stop::Usage(sentence.to_owned()));
    }
    let mut plan = before.unwrap_or_else(|| HubPlan {
        listen: "0.0.0.0".to_owned(),
        store: "/data".into(),
        replicas: servers.copies(),
        nodes: Vec::new(),
        tls: None,
        forces: BTreeMap::new(),
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
    for text in &args.force {
        let (force, key) = member(text)?;
        plan.forces.insert(force, key);
    }
    Ok(plan)
}

/// `kent`, or `kent=U…`.
fn member(text: &str) -> Done<(Force, String)> {
    let (slug, key) = text.split_once('=').unwrap_or((text, ""));
    let is_key = |key: &str| {
        key.len() == 56
            && key.starts_with('U')
            && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    if !key.is_empty() && !is_key(key) {
        let sentence =
            format!("--force {slug}: {key:?} is no public key of a user (U and 55 more letters and digits)");
        return Err(Stop::Usage(sentence));
    }
    Ok((force_named(slug)?, key.to_owned()))
}

fn text(written: &HubWritten) -> String {
    let mut text: String = written.configs.iter().map(file_line).collect();
    for (who, path) in &written.seeds {
        text.push_str(&format!("  {:<13} {}\n", who.name(), path.display()));
    }
    for (force, side) in &written.forces {
        let lines: String = side.configs.iter().map(file_line).collect();
        let keys = side.seeds.len() + 1;
        text.push_str(&format!("{lines}  {force}: {keys} keys beside it\n"));
    }
    if written.kept > 0 {
        text.push_str(&format!("{} keys of the hub were there and are kept.\n", written.kept));
    }
    text.trim_end().to_owned()
}
