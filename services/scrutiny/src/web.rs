//! A published log, read over HTTP as plain files. Nothing that comes back is trusted.

use std::time::Duration;

use bytes::Bytes;
use ledger_audit::source::{Files, Listed, SourceError};
use ureq::Agent;

/// How long a single file may take. A tile has 8 KiB, a full bundle of the largest entries 16 MiB.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The address under which a log's `checkpoint` and `tile/` lie.
pub(crate) struct Web {
    prefix: String,
    agent: Agent,
}

impl Web {
    pub(crate) fn new(address: &str) -> Self {
        let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).build();
        Self { prefix: address.trim_end_matches('/').to_owned(), agent: config.into() }
    }
}

impl Files for Web {
    fn name(&self) -> String {
        self.prefix.clone()
    }

    fn read(&self, path: &str, limit: usize) -> Result<Option<Bytes>, SourceError> {
        let what = format!("{}/{path}", self.prefix);
        let unreachable = |problem: String| SourceError::Unreachable { what: what.clone(), problem };
        let mut response = match self.agent.get(&what).call() {
            Ok(response) => response,
            Err(ureq::Error::StatusCode(404 | 410)) => return Ok(None),
            Err(e) => return Err(unreachable(e.to_string())),
        };
        // One byte more than allowed, so that a longer file is told from one of exactly that length.
        let read = response.body_mut().with_config().limit(limit as u64 + 1).read_to_vec();
        match read {
            Ok(bytes) if bytes.len() <= limit => Ok(Some(bytes.into())),
            Ok(_) | Err(ureq::Error::BodyExceedsLimit(_)) => {
                Err(SourceError::Damaged { what, problem: format!("it is longer than {limit} bytes") })
            }
            Err(e) => Err(unreachable(e.to_string())),
        }
    }

    /// A web server does not list its folders.
    fn list(&self, _folder: &str) -> Result<Option<Vec<Listed>>, SourceError> {
        Ok(None)
    }
}
