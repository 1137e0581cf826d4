//! The last report of every force, for whoever asks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::report::ForceReport;

/// Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reports(Arc<Mutex<BTreeMap<String, ForceReport>>>);

impl Reports {
    pub(crate) fn put(&self, report: ForceReport) {
        self.lock().insert(report.force.clone(), report);
    }

    pub(crate) fn all(&self) -> Vec<ForceReport> {
        self.lock().values().cloned().collect()
    }

    pub(crate) fn evidence_of(&self, force: &str) -> Option<String> {
        self.lock().get(force)?.evidence.clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, ForceReport>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
