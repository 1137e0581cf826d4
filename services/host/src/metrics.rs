//! Figures for Prometheus: one registry a process, served at `/metrics`.
//!
//! A service counts with the macros of the `metrics` crate. Names start with `scrutiny_`, then the role, then
//! what is counted with its unit last: `scrutiny_recorder_recorded_total`, `scrutiny_mirror_behind_entries`,
//! `scrutiny_desk_answer_seconds`. A name that ends in `_seconds` is a histogram over [`SECONDS`].
//! Labels hold what is few: a role, a code, a part; never an id, a subject or a person.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Buckets: from what one commit takes to what an officer still waits for.
pub const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// How often what was observed is folded into the buckets. Until then each observation takes eight bytes.
const UPKEEP: Duration = Duration::from_secs(5);

static REGISTRY: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts the process's registry. The first call does; a process may have several roles.
pub(crate) fn start() -> &'static PrometheusHandle {
    REGISTRY.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .expect("there are buckets")
            .build_recorder();
        let handle = recorder.handle();
        // Somebody else's registry is in place only where this library is embedded; then this page stays empty.
        let _ = metrics::set_global_recorder(recorder);
        metrics::gauge!("scrutiny_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        handle
    })
}

/// Keeps the registry small for as long as the process runs.
pub(crate) async fn upkeep() {
    let mut every = tokio::time::interval(UPKEEP);
    loop {
        every.tick().await;
        start().run_upkeep();
    }
}
