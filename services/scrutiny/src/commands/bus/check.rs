//! `scrutiny bus check`: whether a broker, or a hub, may be relied on.

use std::path::Path;

use host::bus::{Bus, Complaint, Copies, StreamSpec};
use serde_json::{Value, json};

use super::force_named;
use crate::cli::{BusCheck, Common};
use crate::exit::{Done, Stop};
use crate::output::Output;
use crate::reach;

pub(crate) fn check(args: &BusCheck, at: &Common, out: Output) -> Done {
    let specs = specs(args)?;
    let place = reach::place(&args.services, &at.ledger);
    let (complaints, copies) = reach::wait_for(async {
        let bus = reach::reach(&args.services, &at.ledger).await?;
        Ok(look(&bus, &specs).await)
    })?;
    let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    let text = match &complaints[..] {
        [] => format!("{} at {place} keep what they acknowledge.", names.join(" and ")),
        some => some.iter().map(|c| format!("{}: {c}", c.setting)).collect::<Vec<_>>().join("\n"),
    };
    out.result("bus check", &text, || {
        let list: Vec<_> =
            complaints.iter().map(|c| json!({ "setting": c.setting, "sentence": c.sentence })).collect();
        json!({ "at": place, "streams": names, "copies": copies, "complaints": list })
    });
    match complaints.len() {
        0 => Ok(()),
        _ => Err(Stop::VerificationFailed(format!("statements may not rely on the broker at {place}"))),
    }
}

/// What is to be there.
fn specs(args: &BusCheck) -> Done<Vec<StreamSpec>> {
    let forces = args.force.iter().map(|slug| force_named(slug)).collect::<Done<Vec<_>>>()?;
    if args.hub {
        let copies = args.replicas.unwrap_or(3);
        return Ok(forces.iter().map(|force| force.sealed_at_hub().with_replicas(copies)).collect());
    }
    let [force] = &forces[..] else {
        return Err(Stop::Usage("a broker is one force's; several are for --hub".to_owned()));
    };
    let mut specs = vec![force.inbox(), force.sealed_log()];
    if may_look_at_addenda(args.services.broker.nats_nkey.as_deref()) {
        specs.push(force.addenda());
    }
    Ok(specs.into_iter().map(|spec| spec.with_replicas(args.replicas.unwrap_or(1))).collect())
}

/// Services that have no business with addenda are not even told how they are kept.
fn may_look_at_addenda(key: Option<&Path>) -> bool {
    let name = key.and_then(Path::file_stem).and_then(|stem| stem.to_str());
    name.is_some_and(|name| ["recorder", "status", "provisioning"].contains(&name))
}

async fn look(bus: &Bus, specs: &[StreamSpec]) -> (Vec<Complaint>, Vec<Value>) {
    let (mut complaints, mut copies) = (Vec::new(), Vec::new());
    for spec in specs {
        match bus.check(spec).await {
            Ok(()) => complaints.extend(bus.check_copies(spec).await.err().unwrap_or_default()),
            Err(wrong) => complaints.extend(wrong),
        }
        if let Ok(seen) = bus.copies(&spec.name).await {
            copies.push(document(&spec.name, &seen));
        }
    }
    // What is wrong with the server is said once, not once for each stream.
    complaints.sort_by(|a, b| a.sentence.cmp(&b.sentence));
    complaints.dedup();
    (complaints, copies)
}

fn document(stream: &str, seen: &Copies) -> Value {
    let followers: Vec<_> = seen
        .followers
        .iter()
        .map(|copy| json!({ "server": copy.server, "lag": copy.lag, "offline": copy.is_offline }))
        .collect();
    let source = seen.source.as_ref().map(
        |source| json!({ "lag": source.lag, "silent_seconds": source.silent.map(|silent| silent.as_secs()) }),
    );
    json!({ "stream": stream, "leader": seen.leader, "followers": followers, "source": source })
}
