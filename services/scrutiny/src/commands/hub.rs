//! `scrutiny hub`: every force's ledger side by side.

mod check_fork;
mod evidence;
mod register;
mod status;

use std::time::Duration;

use bytes::Bytes;
use host::bus::{Bus, Headers, RequestError};

use crate::cli::{Common, Hub, Services};
use crate::exit::{Done, Stop};
use crate::output::Output;

pub(crate) fn run(command: &Hub, at: &Common, out: Output) -> Done {
    match command {
        Hub::Status(args) => status::run(args, at, out),
        Hub::Register(args) => register::run(args, out),
        Hub::Evidence(args) => evidence::run(args, at, out),
        Hub::CheckFork(args) => check_fork::run(args, out),
    }
}

/// How long the hub has to answer.
const ASK: Duration = Duration::from_secs(5);

/// Where the hub's broker is, which nothing here can guess.
fn place(at: &Services) -> Done<String> {
    let sentence = "--to says where the hub's broker is: nats://host:4222, and --nats-nkey as whom to ask";
    at.to.clone().ok_or_else(|| Stop::Usage(sentence.to_owned()))
}

async fn ask(bus: &Bus, place: &str, endpoint: &str, question: Bytes) -> Done<Bytes> {
    let subject = format!("svc.hub.{}.{endpoint}", hub::NAME);
    let answer = bus.request(&subject, Headers::new(), question, ASK).await;
    answer.map(|message| message.payload).map_err(|error| match error {
        RequestError::NobodyThere(_) => {
            Stop::NotFound(format!("{place}: a broker answers, and no hub does; the service `hub` is one"))
        }
        RequestError::Refused { code: 404, sentence } => Stop::NotFound(sentence),
        other => Stop::Io(format!("the hub cannot be asked: {other}")),
    })
}
