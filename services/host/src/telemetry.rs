//! What a process says of its work: lines on standard error, and traces for a collector.
//!
//! Traces go out by OTLP over HTTP where `trace.endpoint` is set. The W3C trace context travels in headers of
//! the bus: [`carry`] writes it, [`follow`] takes it up where a message is handled for the first time, and
//! [`link`] names it where one is handled again (a replay, a redelivery, a batch of several), since such work is
//! about the first but no part of it. None of it is signed, and nothing is decided by it.

mod carrier;
mod http;

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::bus;
use crate::config::{Log, LogFormat, Trace};

pub use carrier::{carry, follow, link};

/// Target of the spans that say which role a line is of. They last as long as the process, so no trace has them.
pub(crate) const ROLE: &str = "host::role";

/// How long the last traces may take to be sent when a process ends.
const LAST_TRACES: Duration = Duration::from_secs(3);

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter does not read.
    #[error("log.level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// The exporter does not take the endpoint.
    #[error("trace.endpoint: {0}")]
    Endpoint(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// Sends what is left when it is dropped.
#[derive(Debug)]
#[must_use = "traces are sent for as long as it is kept"]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts lines and traces for this process. Where something else takes the lines already, as in a test,
    /// it goes on to.
    ///
    /// # Errors
    /// When the filter or the endpoint does not read.
    pub fn start(name: &'static str, log: &Log, trace: &Trace) -> Result<Self, TelemetryError> {
        let traces = trace.endpoint.as_deref().map(|endpoint| provider(name, endpoint)).transpose()?;
        let spans = traces.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer(name))
                // What the exporter itself does would be traced, exported, and traced again.
                .with_filter(filter_fn(|meta| {
                    meta.target() != ROLE && !meta.target().starts_with("opentelemetry")
                }))
        });
        let filter = EnvFilter::try_new(format!("{},{}", bus::LOG, log.level))?;
        let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
        let lines = match log.format {
            LogFormat::Text => lines.boxed(),
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
        };
        let _ = tracing_subscriber::registry().with(spans).with(lines.with_filter(filter)).try_init();
        Ok(Self { traces })
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(e)) = self.traces.take().map(|t| t.shutdown_with_timeout(LAST_TRACES)) {
            tracing::warn!("the last traces were not sent: {e}");
        }
    }
}

/// Sends spans in batches from a thread of its own. What a collector does not take in time is thrown away: the
/// queue is bounded (2,048 spans, the specification's default), and work never waits for it.
fn provider(name: &'static str, endpoint: &str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(http::Client::new())
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()?;
    let resource = Resource::builder().with_service_name(name).build();
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use opentelemetry::trace::{Span as _, Tracer as _};

    use super::*;

    /// A collector that takes one batch, and hands over what it was sent.
    fn collector() -> (String, std::thread::JoinHandle<Vec<u8>>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/", listener.local_addr().unwrap());
        let taken = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut taken = Vec::new();
            let mut part = [0; 4096];
            while !whole(&taken) {
                let n = connection.read(&mut part).unwrap();
                taken.extend_from_slice(&part[..n]);
            }
            connection
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .unwrap();
            taken
        });
        (endpoint, taken)
    }

    fn whole(request: &[u8]) -> bool {
        let text = String::from_utf8_lossy(request).to_ascii_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
        let length =
            head.split("content-length: ").nth(1).and_then(|t| t.lines().next()?.parse::<usize>().ok());
        request.len() >= head.len() + 4 + length.expect("the exporter says how long it is")
    }

    #[test]
    fn traces_reach_a_collector_by_otlp_over_http() {
        let (endpoint, taken) = collector();
        let provider = provider("recorder", &endpoint).unwrap();
        provider.tracer("recorder").start("commit of a batch").end();
        provider.shutdown_with_timeout(LAST_TRACES).unwrap();
        let request = taken.join().unwrap();
        let text = String::from_utf8_lossy(&request);
        assert!(text.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{text}");
        assert!(text.to_ascii_lowercase().contains("content-type: application/x-protobuf"), "{text}");
        assert!(text.contains("commit of a batch") && text.contains("recorder"), "{text}");
    }

    #[test]
    fn a_collector_that_is_away_costs_the_traces_and_nothing_else() {
        let provider = provider("recorder", "http://127.0.0.1:1").unwrap();
        provider.tracer("recorder").start("lost").end();
        let started = std::time::Instant::now();
        let _ = provider.shutdown_with_timeout(LAST_TRACES);
        assert!(started.elapsed() < 2 * LAST_TRACES);
    }
}
