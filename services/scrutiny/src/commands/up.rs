//! `scrutiny up`: every role in one process.
//!
//! Nothing here is a service: the same functions run that are processes of their own elsewhere. What differs is what
//! they share: a bus, the page for health and figures, and the order in which they stop (first who takes statements,
//! then, when the inbox is empty, who records them).

mod broker;
mod parts;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use host::bus::names::Force;
use host::bus::{Bus, Door};
use host::config::{Log, LogFormat, Trace};
use host::health::{Board, RoleHealth, State};
use host::stopping::{at_once, on_signals};
use host::telemetry::Telemetry;
use host::{Clock, Stopping, serve_ops};
use serde_json::json;
use tokio::task::JoinSet;

use crate::cli::{Common, Init, Up};
use crate::commands::init;
use crate::exit::{Done, Stop, io};
use crate::output::{Output, table};
use crate::reach::{door_of, wait_for};
use crate::reading::Book;
use broker::Carrier;
use parts::{Part, Place};

/// How long the roles may take to get ready before it is said what holds them up.
const READY: Duration = Duration::from_secs(30);

/// How long what the desks took may wait for the recorder when everything stops.
const EMPTY: Duration = Duration::from_secs(5);

/// Between two looks at whether something has come about.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) fn run(args: &Up, at: &Common, out: Output) -> Done {
    founded(args, at, out)?;
    let force = force(&at.ledger)?;
    let log = Log { level: args.log_level.clone(), format: LogFormat::Text };
    let trace = Trace { endpoint: args.trace_endpoint.clone() };
    let _telemetry = Telemetry::start("up", &log, &trace).map_err(|e| Stop::Usage(e.to_string()))?;
    wait_for(async {
        let carrier = Carrier::start(args, &at.ledger, &force).await?;
        let ended = serve(args, at, out, &force, &carrier).await;
        carrier.stop().await;
        ended
    })
}

/// Founds a ledger where that was asked for, or says how.
fn founded(args: &Up, at: &Common, out: Output) -> Done {
    let ledger = at.ledger.display();
    if at.ledger.join("segments").is_dir() {
        return Ok(());
    }
    let Some(body) = &args.found else {
        return Err(Stop::NotFound(format!(
            "{ledger}: there is no ledger here. Found one and start: `scrutiny --ledger {ledger} up --found cambridgeshire`, \
             with the short name of the body that answers for it"
        )));
    };
    let origin = args.origin.clone().unwrap_or_else(|| format!("scrutiny.example/{body}"));
    init::run(&Init { origin, body: body.clone() }, at, out)
}

/// Whose ledger it is: the body that entry 0 names, as a subject can say it.
fn force(ledger: &Path) -> Done<Force> {
    let body = Book::open(ledger)?.founding_body()?.replace('.', "-");
    Force::parse(&body)
        .map_err(|e| Stop::CannotDecide(format!("the founding body has no name for a subject: {e}")))
}

async fn serve(args: &Up, at: &Common, out: Output, force: &Force, carrier: &Carrier) -> Done {
    let board = Board::default();
    let (front, back) = (Stopping::new(), Stopping::new());
    let within = Duration::from_secs(args.stop_seconds);
    let signals = tokio::spawn(on_signals(front.clone(), within));
    let ops = serve_ops(args.ops_listen, board.clone()).await;
    let ops =
        ops.map_err(|e| Stop::Io(format!("{e}; `--ops-listen 127.0.0.1:0` takes a port that is free")))?;
    let door = Door::open(&carrier.bus, &door_of(&at.ledger)).map_err(io(&door_of(&at.ledger)))?;
    let place = Place { ledger: &at.ledger, log_key: &at.keys.join("log.key"), force };
    let mut fronts = start(parts::DESKS, &place, &carrier.bus, &board, &front)?;
    let mut backs = start(parts::REST, &place, &carrier.bus, &board, &back)?;
    let ended = tokio::select! {
        ended = in_turn(&mut fronts, &mut backs, &front) => ended,
        ended = say_when_ready(out, &board, carrier, ops, at, &front) => ended,
        _ = signals => {
            carrier.kill();
            at_once()
        }
    };
    out.say("Stopping: what was taken is being recorded. Once more to stop at once.");
    door.close();
    front.ask(within);
    let first = all_ended(&mut fronts).await;
    emptied(&carrier.bus, force).await;
    back.ask(within);
    let then = all_ended(&mut backs).await;
    // The socket goes last: whoever waits for it finds the ledger free.
    drop(door);
    ended.and(first).and(then)
}

type Roles = JoinSet<(&'static str, host::Outcome)>;

fn start(
    parts: &'static [Part],
    place: &Place<'_>,
    bus: &Bus,
    board: &Board,
    stopping: &Stopping,
) -> Done<Roles> {
    let mut roles = Roles::new();
    for part in parts {
        let config = part.config(place).map_err(|e| Stop::Usage(format!("{}: {e}", part.role.name)))?;
        let host = host::Host::new(part.role, config, bus.clone(), Clock::system(), board, stopping.clone());
        roles.spawn(async move { (part.role.name, host.run(part.serve).await) });
    }
    Ok(roles)
}

/// Returns when a role has ended. Before anybody asked it to, that is an error; a desk with nothing in hand may have
/// ended before we are told that it was asked.
async fn in_turn(fronts: &mut Roles, backs: &mut Roles, stopping: &Stopping) -> Done {
    let ended = tokio::select! {
        Some(ended) = fronts.join_next() => ended,
        Some(ended) = backs.join_next() => ended,
    };
    match ended {
        Ok((_, Ok(()))) if stopping.is_asked() => Ok(()),
        Ok((role, Ok(()))) => Err(Stop::Io(format!("{role} has ended"))),
        Ok((role, Err(why))) => Err(Stop::Io(format!("{role}: {why}"))),
        Err(e) => Err(Stop::Io(e.to_string())),
    }
}

async fn all_ended(roles: &mut Roles) -> Done {
    let mut done = Ok(());
    while let Some(ended) = roles.join_next().await {
        if let Ok((role, Err(why))) = ended {
            done = Err(Stop::Io(format!("{role}: {why}")));
        }
    }
    done
}

/// Says where each role listens once all are ready, then waits for the signal.
async fn say_when_ready(
    out: Output,
    board: &Board,
    carrier: &Carrier,
    ops: SocketAddr,
    at: &Common,
    stopping: &Stopping,
) -> Done {
    let started = tokio::time::Instant::now();
    let mut said = false;
    loop {
        let roles = board.roles();
        if roles.iter().all(|role| role.state == State::Ready) {
            break;
        }
        if !said && started.elapsed() > READY {
            said = true;
            out.say(&format!("Not ready yet:\n{}", table(["ROLE", "STATE", ""], roles.iter().map(row))));
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stopping.asked() => return Ok(()),
        }
    }
    let seen = carrier.bus.survey(Duration::from_millis(500)).await.unwrap_or_default();
    let rows = seen.iter().map(|s| {
        let endpoints: Vec<&str> = s.endpoints.iter().map(|e| e.name.as_str()).collect();
        let below =
            s.endpoints.first().and_then(|e| e.subject.rsplit_once('.')).map_or("", |(below, _)| below);
        [s.name.clone(), "ready".to_owned(), format!("{below}: {}", endpoints.join(", "))]
    });
    let broker = carrier.url.as_ref().map_or_else(String::new, |url| format!("Broker: {url}\n"));
    let text = format!(
        "{}\n\n{broker}Health and figures: http://{ops}, at /readyz, /livez and /metrics\n",
        table(["ROLE", "STATE", "ANSWERS AT"], rows),
    );
    out.result("up", &text, || json!({ "ops": ops.to_string(), "nats": carrier.url, "ledger": at.ledger }));
    out.say(&format!(
        "Ready in {:.1} s. Ctrl-c stops.\n\nNext, beside it: scrutiny --ledger {} status",
        started.elapsed().as_secs_f64(),
        at.ledger.display()
    ));
    stopping.asked().await;
    Ok(())
}

fn row(role: &RoleHealth) -> [String; 3] {
    let state = format!("{:?}", role.state).to_lowercase();
    [role.role.clone(), state, role.reasons.join("; ")]
}

/// Waits, not for ever, until the recorder has taken what the desks passed on. What it has not, comes again
/// from the outbox of whoever sent it.
async fn emptied(bus: &Bus, force: &Force) {
    let inbox = force.inbox().name;
    let empty = async {
        while bus.extent(&inbox).await.is_ok_and(|tail| tail.messages > 0) {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(EMPTY, empty).await.is_err() {
        tracing::warn!(
            "statements are left in the inbox; they come again from the outbox of whoever sent them"
        );
    }
}
