//! What a scene is made of.

use std::path::PathBuf;

use host::bus::names::Force;
use host::provision::HubLink;

use crate::force;

/// A force's servers and recorders.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Whose ledger.
    pub force: Force,
    /// 1, or 3 that keep three copies of every stream.
    pub servers: usize,
    /// Recorders. Several hold keys of their own, and take over from each other.
    pub recorders: usize,
    /// Where the first recorder's ledger is; in the scene's own folder when nothing is said.
    pub ledger: Option<PathBuf>,
    /// How often checkpoints are made.
    pub checkpoint_ms: u64,
    /// The hub it is linked to, if it is.
    pub hub: Option<HubLink>,
}

impl Default for Setting {
    /// One of each.
    fn default() -> Setting {
        Setting { force: force(), servers: 1, recorders: 1, ledger: None, checkpoint_ms: 50, hub: None }
    }
}

impl Setting {
    /// Three servers, and so many recorders.
    #[must_use]
    pub fn clustered(recorders: usize) -> Setting {
        Setting { servers: 3, recorders, ..Setting::default() }
    }
}
