//! Making the connection: credentials, TLS, and trying for ever.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{ConnectOptions, ServerAddr, jetstream};
use tokio::sync::{broadcast, watch};

use super::{JetStream, events};
use crate::bus::connection::Connection;
use crate::bus::error::BusError;
use crate::bus::{BusEvent, EVENTS};

/// A link that says nothing is asked this often whether it is still there.
const PING: Duration = Duration::from_secs(5);

/// How long one attempt to connect may take.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Attempts to connect are this far apart at most: a broker that is back is found within two seconds.
const LONGEST_PAUSE_MS: u64 = 2_000;

/// Publishes that wait for the stream's acknowledgement. Beyond it, `publish` waits.
const UNACKNOWLEDGED: usize = 1_024;

/// Messages that one subscription may have waiting inside the library; ours behind it have their own bounds.
const SUBSCRIPTION: usize = 4_096;

impl JetStream {
    /// Starts connecting, and returns at once: a broker that is down is tried for ever.
    pub(in crate::bus) async fn connect(settings: &Connection) -> Result<JetStream, BusError> {
        let servers = addresses(settings)?;
        let events = broadcast::Sender::new(EVENTS);
        let trouble = Arc::new(Mutex::new(None));
        let options = options(settings).await?;
        let client = with_events(options, events.clone(), trouble.clone())
            .connect(servers)
            .await
            .map_err(|e| BusError::Settings(format!("cannot connect: {e}")))?;
        let context = jetstream::context::ContextBuilder::new()
            .timeout(settings.ack_timeout())
            .max_ack_inflight(UNACKNOWLEDGED)
            .backpressure_on_inflight(true)
            .build(client.clone());
        Ok(JetStream {
            client,
            context,
            events,
            trouble,
            servers: settings.servers.join(", "),
            inbox_prefix: settings.inbox_prefix(),
            closing: watch::Sender::new(false),
        })
    }

    /// Waits until the broker is there.
    pub(in crate::bus) async fn connected(&self, within: Duration) -> Result<(), BusError> {
        let there = async {
            while !self.is_connected() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(within, there).await.map_err(|_| {
            let why = self.trouble.lock().expect("nobody panics while holding a string").clone();
            BusError::Unreachable(format!(
                "{}: {}",
                self.servers,
                why.unwrap_or_else(|| "no answer".to_owned())
            ))
        })
    }
}

/// A list, not a comma-joined string, which the library would not take apart.
fn addresses(settings: &Connection) -> Result<Vec<ServerAddr>, BusError> {
    if settings.servers.is_empty() {
        return Err(BusError::Settings("no broker is named: give nats://host:4222".to_owned()));
    }
    let parse = |text: &String| {
        text.parse()
            .map_err(|e| BusError::Settings(format!("{text:?} names no broker (nats://host:4222): {e}")))
    };
    settings.servers.iter().map(parse).collect()
}

async fn options(settings: &Connection) -> Result<ConnectOptions, BusError> {
    let mut options = ConnectOptions::new()
        .name(&settings.name)
        .custom_inbox_prefix(settings.inbox_prefix())
        .ping_interval(PING)
        .connection_timeout(ATTEMPT)
        .request_timeout(Some(settings.ack_timeout()))
        .subscription_capacity(SUBSCRIPTION)
        .reconnect_delay_callback(|attempts| {
            Duration::from_millis((1u64 << attempts.min(11)).min(LONGEST_PAUSE_MS))
        })
        .max_reconnects(None)
        .retry_on_initial_connect();
    if let Some(file) = &settings.nkey_file {
        options = options.nkey(secret(file)?);
    }
    if let Some(file) = &settings.credentials_file {
        options = options
            .credentials_file(file)
            .await
            .map_err(|e| BusError::Settings(format!("{}: {e}", file.display())))?;
    }
    if let Some(user) = &settings.user {
        let file = settings.password_file.as_ref();
        let password = file.map(|file| secret(file)).transpose()?.unwrap_or_default();
        options = options.user_and_password(user.clone(), password);
    }
    with_tls(options, settings)
}

fn with_tls(mut options: ConnectOptions, settings: &Connection) -> Result<ConnectOptions, BusError> {
    for file in [&settings.ca_file, &settings.cert_file, &settings.key_file].into_iter().flatten() {
        fs::metadata(file).map_err(|e| BusError::Settings(format!("{}: {e}", file.display())))?;
    }
    if let Some(file) = &settings.ca_file {
        options = options.add_root_certificates(file.clone()).require_tls(true);
    }
    match (&settings.cert_file, &settings.key_file) {
        (Some(cert), Some(key)) => options = options.add_client_certificate(cert.clone(), key.clone()),
        (None, None) => {}
        _ => {
            let sentence = "a certificate needs its key: give both cert_file and key_file";
            return Err(BusError::Settings(sentence.to_owned()));
        }
    }
    Ok(if settings.tls_first { options.tls_first().require_tls(true) } else { options })
}

fn with_events(
    options: ConnectOptions,
    events: broadcast::Sender<BusEvent>,
    trouble: Arc<Mutex<Option<String>>>,
) -> ConnectOptions {
    options.event_callback(move |event| {
        if let Some(event) = events::translate(event) {
            if let BusEvent::Trouble(why) = &event {
                tracing::debug!(%why, "the broker cannot be reached, or complains");
                *trouble.lock().expect("nobody panics while holding a string") = Some(why.clone());
            }
            // Nobody may be reading.
            let _ = events.send(event);
        }
        std::future::ready(())
    })
}

/// A file that holds one secret line.
fn secret(file: &Path) -> Result<String, BusError> {
    let text =
        fs::read_to_string(file).map_err(|e| BusError::Settings(format!("{}: {e}", file.display())))?;
    Ok(text.trim().to_owned())
}
