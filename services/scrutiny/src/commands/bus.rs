//! `scrutiny bus`: a broker's configuration, its keys, its streams, and whether they may be relied on.

use host::bus::names::Force;
use host::bus::{BusError, Connection};
use host::provision::{self, Identity, Plan, ProvisionError, Tls, Written, seed_file};
use serde_json::json;

use crate::cli::{BusCheck, BusProvision, Common};
use crate::exit::{Done, Stop};
use crate::output::Output;
use crate::reach;

pub(crate) fn provision(args: &BusProvision, out: Output) -> Done {
    let force = force(&args.force)?;
    if args.dir.is_file() {
        return Err(Stop::Usage(format!("{} is a file; a folder is needed", args.dir.display())));
    }
    let there = match &args.to {
        Some(_) => provision::written(&args.dir).map_err(stop)?,
        None => None,
    };
    let written = match there {
        Some(written) => written,
        None => provision::write(&plan(args, &force), &args.dir).map_err(stop)?,
    };
    let streams = match &args.to {
        Some(url) => made(args, &force, url)?,
        None => Vec::new(),
    };
    let keys: Vec<_> =
        written.seeds.iter().map(|(who, path)| json!({ "identity": who.name(), "seed": path })).collect();
    out.result(
        "bus provision",
        &text(args, &written, &streams),
        || json!({ "config": written.config, "keys": keys, "kept": written.kept, "streams": streams }),
    );
    out.say(&next(args, &written));
    Ok(())
}

pub(crate) fn check(args: &BusCheck, at: &Common, out: Output) -> Done {
    let force = force(&args.force)?;
    let place = reach::place(&args.services, &at.ledger);
    let specs = [force.inbox(), force.sealed_log()];
    let complaints = reach::wait_for(async {
        let bus = reach::reach(&args.services, &at.ledger).await?;
        let mut complaints = Vec::new();
        for spec in &specs {
            complaints.extend(bus.check(spec).await.err().unwrap_or_default());
        }
        // What is wrong with the server is said once, not once for each stream.
        complaints.sort_by(|a, b| a.sentence.cmp(&b.sentence));
        complaints.dedup();
        Ok(complaints)
    })?;
    let names = specs.map(|spec| spec.name);
    let text = match &complaints[..] {
        [] => format!("{} at {place} keep what they acknowledge.", names.join(" and ")),
        some => some.iter().map(|c| format!("{}: {c}", c.setting)).collect::<Vec<_>>().join("\n"),
    };
    out.result("bus check", &text, || {
        let list: Vec<_> =
            complaints.iter().map(|c| json!({ "setting": c.setting, "sentence": c.sentence })).collect();
        json!({ "at": place, "streams": names, "complaints": list })
    });
    match complaints.len() {
        0 => Ok(()),
        _ => Err(Stop::VerificationFailed(format!("statements may not rely on the broker at {place}"))),
    }
}

fn force(slug: &str) -> Done<Force> {
    Force::parse(slug).map_err(|e| Stop::Usage(format!("--force: {e}")))
}

fn plan(args: &BusProvision, force: &Force) -> Plan {
    let tls = args.tls_cert.clone().zip(args.tls_key.clone());
    Plan {
        force: force.clone(),
        listen: args.listen.clone(),
        store: args.store.clone(),
        tls: tls.map(|(cert, key)| Tls { cert, key, client_ca: args.tls_client_ca.clone() }),
    }
}

fn made(args: &BusProvision, force: &Force, url: &str) -> Done<Vec<String>> {
    let connection = Connection {
        servers: url.split(',').map(|one| one.trim().to_owned()).collect(),
        nkey_file: Some(seed_file(&args.dir, Identity::Provisioning)),
        ca_file: args.nats_ca.clone(),
        ..Connection::to(url, Identity::Provisioning.name())
    };
    reach::wait_for(async { provision::streams(force, 1, &connection).await.map_err(stop) })
}

fn text(args: &BusProvision, written: &Written, streams: &[String]) -> String {
    let mut text = format!("{}\n", written.config.display());
    for (who, path) in &written.seeds {
        text.push_str(&format!("  {:<13} {}\n", who.name(), path.display()));
    }
    if written.kept > 0 {
        text.push_str(&format!("{} keys were there and are kept.\n", written.kept));
    }
    if let Some(url) = &args.to {
        text.push_str(&format!("{} are on {url}.\n", streams.join(" and ")));
    }
    text.trim_end().to_owned()
}

fn next(args: &BusProvision, written: &Written) -> String {
    match &args.to {
        Some(_) => "Next: start the services, each with its own key (nats.nkey)".to_owned(),
        None => format!(
            "Next: nats-server --config {}, then the same command again with --to nats://HOST:4222",
            written.config.display()
        ),
    }
}

fn stop(error: ProvisionError) -> Stop {
    match error {
        ProvisionError::BadSeed { .. } | ProvisionError::Bus(BusError::Settings(_)) => {
            Stop::Usage(error.to_string())
        }
        ProvisionError::Bus(BusError::Refused(why)) => Stop::Conflict(why),
        other => Stop::Io(other.to_string()),
    }
}
