//! The hub's table: who may send and hear what.

use std::fmt;

use crate::bus::SERVER_SETTINGS;
use crate::bus::names::Force;
use crate::provision::link::ENDPOINTS;
use crate::provision::permissions::Permissions;

/// Somebody at the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubIdentity {
    /// Keeps a verified mirror of each force's ledger, and answers for them.
    Hub,
    /// Makes the hub's own streams, and nothing else. No force's.
    Provisioning,
    /// Looks how the hub and its copies are.
    Status,
}

impl HubIdentity {
    /// Everybody.
    pub const ALL: [HubIdentity; 3] = [HubIdentity::Hub, HubIdentity::Provisioning, HubIdentity::Status];

    /// Its name: the process's, the seed file's, the inbox's.
    pub fn name(self) -> &'static str {
        match self {
            HubIdentity::Hub => "hub",
            HubIdentity::Provisioning => "provisioning",
            HubIdentity::Status => "status",
        }
    }

    /// What it may do at a hub of these forces.
    pub fn permissions(self, forces: &[&Force]) -> Permissions {
        let mut may = Permissions {
            publish: vec![SERVER_SETTINGS.to_owned()],
            subscribe: vec![format!("_INBOX_{}.>", self.name())],
        };
        match self {
            HubIdentity::Hub => {
                for force in forces {
                    may.look_at(&force.sealed_at_hub());
                    may.publish.extend(ENDPOINTS.map(|endpoint| force.endpoint("recorder", endpoint)));
                }
                may.subscribe
                    .extend(["svc.hub.>", "$SRV.*", "$SRV.*.hub", "$SRV.*.hub.*"].map(str::to_owned));
                // As in a force: by name, since `allow_responses` would be to anywhere.
                may.publish.push(format!("_INBOX_{}.>", HubIdentity::Status));
            }
            HubIdentity::Provisioning => may.publish.push("$JS.API.>".to_owned()),
            HubIdentity::Status => {
                for force in forces {
                    may.look_at(&force.sealed_at_hub());
                }
                may.publish.extend(["svc.hub.>", "$SRV.PING", "$SRV.INFO", "$SRV.STATS"].map(str::to_owned));
            }
        }
        may
    }
}

impl fmt::Display for HubIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
