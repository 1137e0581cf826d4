//! `scrutiny bus`: a broker's configuration, its keys, its streams, and whether they may be relied on.

mod check;
mod force;
mod hub;

use std::path::{Path, PathBuf};

use host::bus::names::Force;
use host::bus::{BusError, Connection};
use host::provision::{Change, ConfigFile, Existing, ProvisionError, Tls, named_seed_file};

pub(crate) use self::check::check;
use crate::cli::{BusProvision, BusProvisionWhat, Make, Servers};
use crate::exit::{Done, Stop};
use crate::output::Output;

pub(crate) fn provision(args: &BusProvision, out: Output) -> Done {
    match &args.hub {
        Some(BusProvisionWhat::Hub(args)) => hub::provision(args, out),
        None => force::provision(&args.force, out),
    }
}

fn force_named(slug: &str) -> Done<Force> {
    Force::parse(slug).map_err(|e| Stop::Usage(format!("--force: {e}")))
}

fn a_folder(dir: &Path) -> Done {
    if dir.is_file() {
        return Err(Stop::Usage(format!("{} is a file; a folder is needed", dir.display())));
    }
    Ok(())
}

impl Servers {
    fn tls(&self) -> Option<Tls> {
        let (cert, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        let (client_ca, peer_ca) = (self.tls_client_ca.clone(), self.tls_ca.clone());
        Some(Tls { cert, key, client_ca, peer_ca })
    }

    fn existing(&self) -> Existing {
        if self.replace { Existing::Replace } else { Existing::Keep }
    }

    /// How many copies, when an earlier run did not say.
    fn copies(&self) -> usize {
        self.replicas.unwrap_or(if self.node.len() >= 3 { 3 } else { 1 })
    }
}

impl Make {
    /// As who makes streams, with the key in this folder.
    fn connection(&self, dir: &Path, url: &str) -> Connection {
        Connection {
            servers: url.split(',').map(|one| one.trim().to_owned()).collect(),
            nkey_file: Some(named_seed_file(dir, PROVISIONER)),
            ca_file: self.nats_ca.clone(),
            ..Connection::to(url, PROVISIONER)
        }
    }
}

/// The one who makes streams, at a force and at a hub.
const PROVISIONER: &str = "provisioning";

/// One line for a file.
fn file_line(file: &ConfigFile) -> String {
    let path = file.path.display();
    match file.change {
        Change::New => format!("{path}\n"),
        Change::Same => format!("{path} (as it was)\n"),
        Change::Changed => format!("{path} (changed; the one before is {path}.before)\n"),
    }
}

fn paths(files: &[ConfigFile]) -> Vec<&PathBuf> {
    files.iter().map(|file| &file.path).collect()
}

fn changed(files: &[ConfigFile]) -> Vec<&PathBuf> {
    files.iter().filter(|file| file.change == Change::Changed).map(|file| &file.path).collect()
}

fn stop(error: ProvisionError) -> Stop {
    match error {
        ProvisionError::BadSeed { .. }
        | ProvisionError::BadPlan { .. }
        | ProvisionError::Reserved(_)
        | ProvisionError::TooFewNodes { .. }
        | ProvisionError::Bus(BusError::Settings(_)) => Stop::Usage(error.to_string()),
        ProvisionError::OtherPlan { .. } => Stop::Conflict(error.to_string()),
        ProvisionError::Bus(BusError::Refused(why)) => Stop::Conflict(why),
        other => Stop::Io(other.to_string()),
    }
}
