//! `scrutiny status`: how the services are.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, Headers, ServiceSeen};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::wire::Head;
use serde_json::{Value, json};

use crate::cli::{Common, Status};
use crate::exit::{Done, Stop};
use crate::output::{Output, count, table};
use crate::reach;

/// How long services have to say that they are there.
const SURVEY: Duration = Duration::from_secs(1);

/// How long a recorder has to say where its log stands.
const ASK: Duration = Duration::from_secs(2);

/// Before looking again, with `--wait`.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) fn run(args: &Status, at: &Common, out: Output) -> Done {
    let place = reach::place(&args.services, &at.ledger);
    let started = Instant::now();
    let (seen, ledgers) = reach::wait_for(async {
        loop {
            let looked = look(args, at).await;
            let well = matches!(&looked, Ok((seen, ledgers)) if !seen.is_empty() && unwell(seen) == 0 && silent(ledgers).is_none());
            if well || started.elapsed().as_secs() >= args.wait {
                return looked;
            }
            tokio::time::sleep(PAUSE).await;
        }
    })?;
    if seen.is_empty() {
        let sentence = format!("{place}: a broker answers, and no service does; `scrutiny up` starts them");
        return Err(Stop::NotFound(sentence));
    }
    out.result("status", &text(&seen, &ledgers), || {
        let services: Vec<Value> = seen.iter().map(service_json).collect();
        let ledgers: Vec<Value> = ledgers.iter().map(Ledger::json).collect();
        json!({ "at": place, "services": services, "ledgers": ledgers })
    });
    match (unwell(&seen), silent(&ledgers)) {
        (0, None) => Ok(()),
        (0, Some(force)) => Err(Stop::CannotDecide(format!("no recorder answers for {force}"))),
        (n, _) => Err(Stop::CannotDecide(format!("{} not ready", count(n, "service is", "services are")))),
    }
}

async fn look(args: &Status, at: &Common) -> Done<(Vec<ServiceSeen>, Vec<Ledger>)> {
    let bus = reach::reach(&args.services, &at.ledger).await?;
    let seen =
        bus.survey(SURVEY).await.map_err(|e| Stop::Io(format!("the services cannot be asked: {e}")))?;
    let ledgers = ledgers(&bus, &seen).await;
    Ok((seen, ledgers))
}

fn unwell(seen: &[ServiceSeen]) -> u64 {
    seen.iter().filter(|service| state(service) != "ready").count() as u64
}

/// A force whose recorder does not answer, whoever else is well.
fn silent(ledgers: &[Ledger]) -> Option<&Force> {
    ledgers.iter().find(|ledger| ledger.head.is_err()).map(|ledger| &ledger.force)
}

/// What is asked of the recorder of one force.
struct Ledger {
    force: Force,
    head: Result<Head, String>,
    /// Statements in the inbox that the recorder has not taken; `None` when that is not for us to know.
    waiting: Option<u64>,
    checkpoint_age_ms: Option<u64>,
    /// What each recorder says of itself, the one that leads first; empty where there is one alone.
    recorders: Vec<String>,
}

async fn ledgers(bus: &Bus, seen: &[ServiceSeen]) -> Vec<Ledger> {
    let forces: BTreeSet<&String> = seen.iter().filter_map(|s| s.metadata.get("force")).collect();
    let mut found = Vec::new();
    for force in forces.into_iter().filter_map(|name| Force::parse(name).ok()) {
        // One that was slow to say what it is has said less.
        let of = |s: &&ServiceSeen| s.metadata.get("force").is_some_and(|said| said == force.as_str());
        let leads = |s: &&ServiceSeen| s.figures["leads"] != Value::Bool(false);
        let mut recorders: Vec<_> = seen.iter().filter(of).filter(|s| s.name == "recorder").collect();
        recorders.sort_by_key(|recorder| !leads(recorder));
        let says = |what: &str| recorders.first().and_then(|r| r.figures[what].as_u64());
        let in_stream = bus.extent(&force.inbox().name).await.ok().map(|tail| tail.messages);
        let ledger = Ledger {
            head: head(bus, &force).await,
            waiting: in_stream.or_else(|| says("inbox_waiting")),
            checkpoint_age_ms: says("checkpoint_age_ms"),
            recorders: recorders
                .iter()
                .filter_map(|r| r.figures["note"].as_str().map(str::to_owned))
                .collect(),
            force,
        };
        found.push(ledger);
    }
    found
}

async fn head(bus: &Bus, force: &Force) -> Result<Head, String> {
    let subject = force.endpoint("recorder", "head");
    let said = bus.request(&subject, Headers::new(), Bytes::new(), ASK).await.map_err(|e| e.to_string())?;
    Head::parse(&said.payload).map_err(|e| e.to_string())
}

impl Ledger {
    fn lines(&self) -> String {
        let head = match &self.head {
            Err(why) => format!("the recorder does not say where its log stands: {why}"),
            Ok(head) => {
                let entries = count(head.size.0, "entry", "entries");
                let covered =
                    covered(head).map_or("no checkpoint".to_owned(), |n| format!("a checkpoint over {n}"));
                let age = self.checkpoint_age_ms.map_or_else(String::new, |ms| format!(", {} old", age(ms)));
                format!("{entries}, {covered}{age}")
            }
        };
        let waiting = self.waiting.map_or("not for us to see".to_owned(), |n| n.to_string());
        let recorders: String = self.recorders.iter().map(|said| format!("A recorder: {said}\n")).collect();
        format!("{}: {head}\n{recorders}Waiting in the inbox: {waiting}\n", self.force)
    }

    fn json(&self) -> Value {
        let head = self.head.as_ref().ok();
        json!({
            "force": self.force.as_str(),
            "origin": head.and_then(|h| h.origin.as_ref()).map(|o| o.as_str().to_owned()),
            "tree_size": head.map(|h| h.size.0),
            "root": head.map(|h| h.root.to_string()),
            "checkpoint_size": head.and_then(covered),
            "checkpoint_age_ms": self.checkpoint_age_ms,
            "recorders": self.recorders,
            "inbox_waiting": self.waiting,
            "problem": self.head.as_ref().err(),
        })
    }
}

/// How many entries the latest checkpoint covers, by its own word: `scrutiny verify` checks it.
fn covered(head: &Head) -> Option<u64> {
    let note = head.checkpoint.as_ref()?;
    Some(SignedCheckpoint::parse(note).ok()?.claimed_size().0)
}

fn age(ms: u64) -> String {
    match ms {
        0..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        60_000..7_200_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}

fn state(service: &ServiceSeen) -> &str {
    service.figures["state"].as_str().unwrap_or("unknown")
}

fn reasons(service: &ServiceSeen) -> Vec<&str> {
    service.figures["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn text(seen: &[ServiceSeen], ledgers: &[Ledger]) -> String {
    let rows = seen.iter().map(|service| {
        let sum =
            |pick: fn(&host::bus::EndpointSeen) -> u64| -> u64 { service.endpoints.iter().map(pick).sum() };
        [
            service.name.clone(),
            service.metadata.get("force").cloned().unwrap_or_default(),
            state(service).to_owned(),
            service.version.clone(),
            sum(|e| e.requests).to_string(),
            sum(|e| e.errors).to_string(),
            reasons(service).join("; "),
        ]
    });
    let services = table(["SERVICE", "FORCE", "STATE", "VERSION", "REQUESTS", "ERRORS", ""], rows);
    let ledgers: Vec<String> = ledgers.iter().map(Ledger::lines).collect();
    format!("{services}\n\n{}", ledgers.join("\n"))
}

fn service_json(service: &ServiceSeen) -> Value {
    let endpoint = |e: &host::bus::EndpointSeen| json!({ "name": e.name, "subject": e.subject, "requests": e.requests, "errors": e.errors });
    json!({
        "name": service.name,
        "id": service.id,
        "version": service.version,
        "state": state(service),
        "reasons": reasons(service),
        "endpoints": service.endpoints.iter().map(endpoint).collect::<Vec<_>>(),
        "figures": service.figures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_said_in_the_unit_a_person_would_use() {
        for (ms, said) in
            [(0, "0.0 s"), (430, "0.4 s"), (59_999, "59.9 s"), (60_000, "1 min"), (7_200_000, "2 h")]
        {
            assert_eq!(age(ms), said);
        }
    }
}
