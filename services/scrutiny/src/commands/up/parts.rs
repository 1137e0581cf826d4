//! The roles that run here, and what each is told.

use std::path::Path;

use futures::future::BoxFuture;
use host::bus::names::Force;
use host::{Config, ConfigError, Given, Host, Outcome, Role};

/// One role: the function that a process of its own would run.
pub(super) struct Part {
    pub(super) role: &'static Role,
    pub(super) serve: fn(Host) -> BoxFuture<'static, Outcome>,
    settings: fn(&Place<'_>, &str) -> Vec<(&'static str, String)>,
}

/// What the roles share on this machine.
pub(super) struct Place<'a> {
    pub(super) ledger: &'a Path,
    pub(super) log_key: &'a Path,
    pub(super) force: &'a Force,
}

/// Who takes statements: they stop first.
pub(super) static DESKS: &[Part] = &[
    Part { role: &review::ROLE, serve: |host| Box::pin(review::serve(host)), settings: mirror },
    Part { role: &inspection::ROLE, serve: |host| Box::pin(inspection::serve(host)), settings: mirror },
    Part { role: &response::ROLE, serve: |host| Box::pin(response::serve(host)), settings: mirror },
];

/// Who records, and who follows.
pub(super) static REST: &[Part] = &[
    Part {
        role: &recorder::service::ROLE,
        serve: |host| Box::pin(recorder::service::serve(host)),
        settings: |place, _| vec![("ledger", shown(place.ledger)), ("log-key", shown(place.log_key))],
    },
    Part {
        role: &projector::service::ROLE,
        serve: |host| Box::pin(projector::service::serve(host)),
        // Beside the recorder it reads the ledger itself, as `scrutiny register` does.
        settings: |place, _| vec![("ledger", shown(place.ledger))],
    },
];

/// Each desk keeps a copy of the ledger of its own, as it would elsewhere: nobody decides on what is not verified.
fn mirror(place: &Place<'_>, role: &str) -> Vec<(&'static str, String)> {
    vec![("mirror", shown(&place.ledger.join("up").join(role)))]
}

impl Part {
    /// What it is told: what a process would be by flags, and otherwise its defaults. The environment is for processes.
    pub(super) fn config(&self, place: &Place<'_>) -> Result<Config, ConfigError> {
        let own = (self.settings)(place, self.role.name).into_iter();
        let mut flags: Vec<(String, String)> =
            own.map(|(key, value)| (format!("{}.{key}", self.role.name), value)).collect();
        flags.push(("force".to_owned(), place.force.to_string()));
        Config::gather(self.role, Given { flags, ..Given::default() })
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
