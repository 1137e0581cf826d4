//! Reaching services: through a broker, or through the door of a `scrutiny up` on this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use host::bus::{Bus, BusError, Connection};
use host::provision;

use crate::cli::{Broker, Services};
use crate::exit::{Done, Stop};

/// How long a broker may take to answer at first.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where `scrutiny up` opens its door, in the folder of its ledger.
pub(crate) fn door_of(ledger: &Path) -> PathBuf {
    ledger.join("up").join("bus.sock")
}

/// Where the services are, as a sentence says it.
pub(crate) fn place(at: &Services, ledger: &Path) -> String {
    at.to.clone().unwrap_or_else(|| ledger.display().to_string())
}

/// Connects to the broker that is named, or to the `scrutiny up` of a ledger's folder.
pub(crate) async fn reach(at: &Services, ledger: &Path) -> Done<Bus> {
    reach_at(at.to.as_deref(), &at.broker, ledger).await
}

/// The same, said in parts.
pub(crate) async fn reach_at(to: Option<&str>, broker: &Broker, ledger: &Path) -> Done<Bus> {
    match to {
        Some(url) if url.contains("://") => through_broker(url, broker, "scrutiny").await,
        Some(folder) => through_door(Path::new(folder)).await,
        None => through_door(ledger).await,
    }
}

/// Connects to a broker, by `name` where no key says who we are.
pub(crate) async fn through_broker(url: &str, broker: &Broker, name: &str) -> Done<Bus> {
    let connection = Connection { name: known(broker).unwrap_or(name).to_owned(), ..connection(broker, url) };
    let bus = Bus::connect(&connection).await.map_err(settings)?;
    bus.connected(PATIENCE).await.map_err(|e| unreached(url, broker, &e))?;
    Ok(bus)
}

/// A broker that wants to know who we are, and was not told, is the commonest case of all.
fn unreached(url: &str, broker: &Broker, problem: &BusError) -> Stop {
    let stranger = problem.to_string().contains("does not accept our credentials");
    let anonymous = broker.nats_nkey.is_none() && broker.nats_credentials.is_none();
    let hint = match (stranger, anonymous) {
        (true, true) => {
            "; --nats-nkey FILE says who you are (SCRUTINY_NATS_NKEY): officer.nk, for one, of `scrutiny bus provision`"
        }
        (true, false) => "; is it a key of that broker's (--nats-nkey)?",
        (false, _) => "",
    };
    Stop::Io(format!("nobody answers at {url}: {problem}{hint}"))
}

async fn through_door(ledger: &Path) -> Done<Bus> {
    let bus = Bus::through_door(&door_of(ledger));
    bus.connected(PATIENCE).await.map_err(|_| {
        Stop::Io(format!(
            "nobody answers at {0}: no `scrutiny up` runs on that ledger (`scrutiny --ledger {0} up` starts it; \
             --to says where else the services are)",
            ledger.display()
        ))
    })?;
    Ok(bus)
}

fn connection(at: &Broker, url: &str) -> Connection {
    Connection {
        servers: url.split(',').map(|one| one.trim().to_owned()).collect(),
        nkey_file: at.nats_nkey.clone(),
        credentials_file: at.nats_credentials.clone(),
        ca_file: at.nats_ca.clone(),
        ..Connection::default()
    }
}

/// As whom. Answers come to an inbox of this name, which a provisioned broker lets only its own identity read;
/// a seed is in a file of that name, as `scrutiny bus provision` writes it.
fn known(at: &Broker) -> Option<&'static str> {
    let stem = at.nats_nkey.as_deref().and_then(Path::file_stem).and_then(|stem| stem.to_str());
    stem.and_then(provision::known_name)
}

fn settings(error: BusError) -> Stop {
    match error {
        BusError::Settings(why) => Stop::Usage(why),
        other => Stop::Io(other.to_string()),
    }
}

/// Runs something that waits for services.
pub(crate) fn wait_for<T>(work: impl Future<Output = Done<T>>) -> Done<T> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| Stop::Io(format!("this process gets no threads: {e}")))?
        .block_on(work)
}
