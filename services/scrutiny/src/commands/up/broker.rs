//! What carries between the roles: this process itself, a broker that is there, or one that is started here.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use host::broker::{Broker, Program};
use host::bus::Bus;
use host::bus::names::Force;

use crate::cli::Up;
use crate::exit::{Done, Stop};
use crate::reach::through_broker;

/// How long the bus may take to let go what is under way.
const DRAIN: Duration = Duration::from_secs(5);

/// The word that asks for a broker of our own.
pub(super) const LOCAL: &str = "local";

/// A bus, and the broker behind it where that is ours.
pub(super) struct Carrier {
    pub(super) bus: Bus,
    /// Where the broker listens; none within this process.
    pub(super) url: Option<String>,
    broker: Mutex<Option<Broker>>,
}

impl Carrier {
    pub(super) async fn start(args: &Up, ledger: &Path, force: &Force) -> Done<Self> {
        let broker = if args.nats.as_deref() == Some(LOCAL) { Some(local(args, ledger)?) } else { None };
        let url = broker.as_ref().map(|broker| broker.url.clone()).or_else(|| args.nats.clone());
        let bus = match &url {
            None => Bus::in_process(),
            Some(url) => through_broker(url, &args.broker, "up").await?,
        };
        // A broker that is somebody's is provisioned by whoever may; the roles say what is wrong with it.
        if broker.is_some() || args.nats.is_none() {
            for stream in [force.inbox(), force.sealed_log()] {
                bus.ensure(&stream).await.map_err(|e| Stop::Io(format!("{}: {e}", stream.name)))?;
            }
        }
        Ok(Self { bus, url, broker: Mutex::new(broker) })
    }

    /// Lets go what is under way, and stops the broker where it is ours.
    pub(super) async fn stop(&self) {
        if let Err(e) = self.bus.drain(DRAIN).await {
            tracing::warn!("the bus did not let go in time: {e}");
        }
        if let Some(broker) = self.ours() {
            // It waits for a process.
            let _ = tokio::task::spawn_blocking(|| broker.stop()).await;
        }
    }

    /// Stops the broker at once.
    pub(super) fn kill(&self) {
        if let Some(broker) = self.ours() {
            broker.kill();
        }
    }

    fn ours(&self) -> Option<Broker> {
        self.broker.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

fn local(args: &Up, ledger: &Path) -> Done<Broker> {
    let program =
        Program::find(args.nats_server.as_deref()).map_err(|e| Stop::CannotDecide(e.to_string()))?;
    Broker::start_local(&program, &ledger.join("up").join("nats"), args.nats_port)
        .map_err(|e| Stop::Io(e.to_string()))
}
