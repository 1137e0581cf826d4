//! From `main` to a running service, and back out again.

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument as _;

use crate::args::{self, Asked, What};
use crate::bus::{Bus, BusEvent, Connection, ServiceSpec};
use crate::clock::Clock;
use crate::config::{Common, Config, ConfigError};
use crate::health::{Board, Health};
use crate::ops::Ops;
use crate::role::Role;
use crate::stopping::{self, Stopping, on_signals};
use crate::telemetry::{self, Telemetry};
use crate::{metrics, probe};

/// What a service comes to. Its own errors become this by `?`.
pub type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// How long the bus may take to let go what is under way, once the service has finished.
const DRAIN: Duration = Duration::from_secs(5);

const FAILED: u8 = 1;
const NOT_CONFIGURED: u8 = 2;

/// What a service is given to run with.
#[derive(Debug, Clone)]
pub struct Host {
    /// What it is.
    pub role: &'static Role,
    /// What it was told.
    pub config: std::sync::Arc<Config>,
    /// The bus, connected or trying to.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// For it to say how it is. The broker's part is said here already.
    pub health: Health,
    /// When to stop.
    pub stopping: Stopping,
}

impl Host {
    /// A role in a process of its own or among others.
    #[must_use]
    pub fn new(
        role: &'static Role,
        config: Config,
        bus: Bus,
        clock: Clock,
        board: &Board,
        stopping: Stopping,
    ) -> Self {
        Self { role, config: config.into(), bus, clock, health: board.role(role.name), stopping }
    }

    /// What every role is told.
    #[must_use]
    pub fn common(&self) -> &Common {
        self.config.common()
    }

    /// This role as others find it on the bus, and as `scrutiny status` shows it: its endpoints, its health, and
    /// whatever it says besides (`figures`, a JSON object; asked at each survey, so it must be quick).
    #[must_use]
    pub fn service(
        &self,
        endpoints: &[&str],
        figures: impl Fn() -> serde_json::Value + Send + Sync + 'static,
    ) -> ServiceSpec {
        let health = self.health.clone();
        let said = move || {
            let now = health.now();
            let mut said = serde_json::json!({ "state": now.state, "reasons": now.reasons });
            if let (Some(all), serde_json::Value::Object(more)) = (said.as_object_mut(), figures()) {
                all.extend(more);
            }
            said
        };
        ServiceSpec {
            name: self.role.name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: self.role.about.to_owned(),
            subject: self.common().force().service(self.role.name),
            endpoints: endpoints.iter().map(|name| (*name).to_owned()).collect(),
            metadata: [("force".to_owned(), self.common().force.clone())].into(),
            figures: Some(std::sync::Arc::new(said)),
        }
    }

    /// Something was found that cannot be explained: says so, and does nothing until the process is asked to stop.
    /// It stays up as evidence.
    pub async fn halt(&self, part: &'static str, why: &str) {
        self.health.halted(part, why);
        self.stopping.asked().await;
    }

    /// Runs a service in a task of its own, under its role's name in the log, until it ends or its time to
    /// stop is up. A panic is a failure like any other.
    ///
    /// # Errors
    /// What the service says, that it panicked, or that it did not stop in time.
    pub async fn run<Fut>(self, service: impl FnOnce(Host) -> Fut) -> Outcome
    where
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let role = tracing::info_span!(target: telemetry::ROLE, "role", name = self.role.name);
        let events = tokio::spawn(watch_bus(self.bus.clone(), self.health.clone()).instrument(role.clone()));
        let stopping = self.stopping.clone();
        let health = self.health.clone();
        let mut task = tokio::spawn(service(self).instrument(role));
        let outcome = tokio::select! {
            ended = &mut task => ended.unwrap_or_else(|panic| Err(format!("a task ended early: {panic}").into())),
            () = overdue(&stopping, &health) => {
                task.abort();
                Err("work in hand took longer than stop.seconds; what was not acknowledged comes again".into())
            }
        };
        events.abort();
        outcome
    }
}

/// Runs a role as a process: reads what it was told, says how it is, connects, serves, and stops when asked.
///
/// ```no_run
/// use std::process::ExitCode;
/// use host::{Host, Key, Outcome, Role, Shape};
///
/// // In the service's library:
/// const ROLE: Role = Role {
///     name: "review",
///     about: "Takes reviews, checks them early, and passes them on to the recorder",
///     defaults: &[("ops.listen", "127.0.0.1:9463")],
///     keys: &[Key::with_default("mirror", Shape::Path, "mirror", "Where it keeps its copy of the ledger")],
/// };
///
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     mirror: std::path::PathBuf,
/// }
///
/// async fn serve(host: Host) -> Outcome {
///     let settings: Settings = host.config.settings()?;
///     host.health.ready("mirror");
///     host.stopping.asked().await;
///     Ok(())
/// }
///
/// // In its main.rs:
/// fn main() -> ExitCode {
///     host::run(&ROLE, serve)
/// }
/// ```
pub fn run<Fut>(role: &'static Role, service: impl FnOnce(Host) -> Fut) -> ExitCode
where
    Fut: Future<Output = Outcome> + Send + 'static,
{
    let matches = args::command(role).get_matches();
    let asked = args::read(role, &matches, std::env::vars().collect());
    let Asked { what, given } = asked;
    let config = match Config::gather(role, given) {
        Ok(config) => config,
        Err(e) => return refuse(role, &e),
    };
    match what {
        What::PrintConfig => {
            print!("{}", config.to_toml());
            ExitCode::SUCCESS
        }
        What::Healthcheck { live } => healthcheck(config.common(), live),
        What::Run => start(role, config, service),
    }
}

fn refuse(role: &Role, why: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("{}: {why}", role.name);
    ExitCode::from(NOT_CONFIGURED)
}

fn healthcheck(common: &Common, live: bool) -> ExitCode {
    match probe::ask(common.ops.listen, if live { "/livez" } else { "/readyz" }) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(said) => {
            println!("{said}");
            ExitCode::from(FAILED)
        }
    }
}

fn start<Fut>(role: &'static Role, config: Config, service: impl FnOnce(Host) -> Fut) -> ExitCode
where
    Fut: Future<Output = Outcome> + Send + 'static,
{
    let common = config.common();
    let Some(connection) = common.nats.connection(role.name) else {
        let alone = "nats.url is not given: a service on its own needs a broker (`scrutiny up` runs all of them without one)";
        return refuse(role, &ConfigError::Contradiction(alone.to_owned()));
    };
    let telemetry = match Telemetry::start(role.name, &common.log, &common.trace) {
        Ok(telemetry) => telemetry,
        Err(e) => return refuse(role, &e),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return refuse(role, &e),
    };
    let outcome = runtime.block_on(process(role, config, connection, service));
    // A thread that hangs in a system call keeps nobody waiting.
    runtime.shutdown_timeout(DRAIN);
    let code = match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            tracing::error!(role = role.name, "{e}");
            ExitCode::from(FAILED)
        }
    };
    drop(telemetry);
    code
}

async fn process<Fut>(
    role: &'static Role,
    config: Config,
    connection: Connection,
    service: impl FnOnce(Host) -> Fut,
) -> Outcome
where
    Fut: Future<Output = Outcome> + Send + 'static,
{
    let common = config.common().clone();
    let stopping = Stopping::new();
    let signals = on_signals(stopping.clone(), common.stop.within());
    tokio::spawn(async move {
        signals.await;
        stopping::at_once();
    });
    let board = Board::default();
    let health = board.role(role.name);
    let address = serve_ops(common.ops.listen, board.clone()).await?;
    tracing::info!(role = role.name, version = env!("CARGO_PKG_VERSION"), ops = %address, "started");
    health.waiting("broker", "it has not answered yet");
    let bus = Bus::connect(&connection).await?;
    let host = Host::new(role, config, bus.clone(), Clock::system(), &board, stopping);
    let outcome = host.run(service).await;
    if let Err(e) = bus.drain(DRAIN).await {
        tracing::warn!(role = role.name, "the bus did not let go in time: {e}");
    }
    tracing::info!(role = role.name, "stopped");
    outcome
}

/// Binds the address of health and metrics and serves it; returns the address that was taken.
///
/// # Errors
/// When it cannot be had.
pub async fn serve_ops(listen: std::net::SocketAddr, board: Board) -> std::io::Result<std::net::SocketAddr> {
    metrics::start();
    let ops = Ops::bind(listen)
        .await
        .map_err(|e| std::io::Error::new(e.kind(), format!("ops.listen: {listen}: {e}")))?;
    let address = ops.address;
    tokio::spawn(ops.serve(board));
    tokio::spawn(metrics::upkeep());
    Ok(address)
}

/// Ends when the time to stop is up.
async fn overdue(stopping: &Stopping, health: &Health) {
    stopping.asked().await;
    health.stopping();
    tokio::time::sleep_until(stopping.deadline().unwrap_or_else(Instant::now)).await;
}

/// Says what the bus says of itself: as health, in the log, and in figures.
async fn watch_bus(bus: Bus, health: Health) {
    use tokio::sync::broadcast::error::RecvError;
    let mut events = bus.events();
    let gone = "it cannot be reached";
    let said =
        |connected: bool| if connected { health.ready("broker") } else { health.waiting("broker", gone) };
    said(bus.is_connected());
    // The same trouble at each attempt is said once.
    let mut trouble = String::new();
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => {
                said(bus.is_connected());
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        count(&event);
        match event {
            BusEvent::Connected => {
                trouble.clear();
                said(true);
            }
            BusEvent::Disconnected => said(false),
            BusEvent::Denied { subject } => {
                tracing::error!(subject, "the broker does not permit this subject")
            }
            BusEvent::SlowConsumer { subject } => {
                tracing::warn!(subject, "listened too slowly: messages are lost, and are asked for again");
            }
            BusEvent::LameDuck => tracing::warn!("the broker is about to stop"),
            BusEvent::Trouble(what) if what == trouble => tracing::debug!("the broker: {what}"),
            BusEvent::Trouble(what) => {
                tracing::warn!("the broker: {what}");
                trouble = what;
            }
            BusEvent::Closed => {}
        }
    }
}

fn count(event: &BusEvent) {
    let kind = match event {
        BusEvent::Connected => "connected",
        BusEvent::Disconnected => "disconnected",
        BusEvent::Denied { .. } => "denied",
        BusEvent::SlowConsumer { .. } => "slow_consumer",
        BusEvent::LameDuck => "lame_duck",
        BusEvent::Trouble(_) => "trouble",
        BusEvent::Closed => "closed",
    };
    ::metrics::counter!("scrutiny_bus_events_total", "kind" => kind).increment(1);
}

#[cfg(test)]
mod tests;
