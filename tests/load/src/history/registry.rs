//! Keys and offices.

use bytes::Bytes;
use ledger_core::ids::KeyId;
use scrutiny_proto::registry::v1 as registry;
use scrutiny_proto::registry::v1::KeyRevoked;

use super::History;

impl History {
    /// Keys and offices come, change hands and go. [`Self::any`] makes none but revocations, as above.
    #[must_use]
    pub fn registry(&mut self) -> Bytes {
        let blob = |n: u64| Bytes::copy_from_slice(&n.to_be_bytes());
        let (one, other, place) = (blob(self.below(4)), blob(self.below(4)), self.below(6));
        let (key, body) = (KeyId::of_blob(&one), format!("force-{}", self.below(self.country.forces)));
        let [of_key, role] = [format!("key/{}", key.to_hex()), format!("role/assignment-{place}")];
        let (key, from, acting) = (key.to_string(), self.day(), self.below(4) == 0);
        match self.below(9) {
            0 => {
                let act = registry::LedgerFounded { root_keys: vec![one, other], body, ..Default::default() };
                self.statement("registry", "LedgerFounded", "charter/ledger", &act)
            }
            1 => {
                let act = registry::KeyEnrolled { public_key: one, ..Default::default() };
                self.statement("registry", "KeyEnrolled", &of_key, &act)
            }
            2 => {
                let act = registry::KeyRotated { new_public_key: other, ..Default::default() };
                self.statement("registry", "KeyRotated", &of_key, &act)
            }
            3 => self.statement("registry", "KeyRevoked", &of_key, &KeyRevoked::default()),
            4 => self.statement("registry", "RoleEnded", &role, &registry::RoleEnded::default()),
            5 => {
                let (ended, from_role) = (acting, "CC".to_owned());
                let act =
                    registry::DelegationGranted { from_role, body, to_key: key, ended, ..Default::default() };
                self.statement("registry", "DelegationGranted", &format!("delegation/for-{place}"), &act)
            }
            _ => {
                let valid_to = if acting { self.day() } else { String::new() };
                let (role_code, valid_from) = ("CC".to_owned(), from);
                let act = registry::RoleAssigned {
                    key,
                    role: role_code,
                    body,
                    valid_from,
                    valid_to,
                    acting,
                    ..Default::default()
                };
                self.statement("registry", "RoleAssigned", &role, &act)
            }
        }
    }
}
