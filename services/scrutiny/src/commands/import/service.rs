//! The service that signs what is imported.

use imports::record::{ROLE, Service};
use ledger_core::ids::KeyId;
use ledger_draft::DraftSigner;

use crate::exit::{Done, Stop};
use crate::writing::Writer;

/// The service, and how statements that are typed name it.
pub(crate) struct Importer {
    pub(crate) service: Service,
    /// "service-import as SVC:import of cambridgeshire".
    pub(crate) signer: String,
    /// The body it acts for.
    pub(crate) body: String,
}

/// The service named by `--by`, or the only key at hand that holds the role.
pub(crate) fn find(by: Option<&str>, writer: &Writer) -> Done<Importer> {
    let (name, body) = match by {
        Some(text) => named(text)?,
        None => only_one(writer)?,
    };
    let key = writer.keyring.private(&name)?;
    let service =
        Service::new(&writer.origin, key, &body).map_err(|e| Stop::Usage(format!("{name}: {e}")))?;
    Ok(Importer { service, signer: format!("{name} as {ROLE} of {body}"), body })
}

fn named(text: &str) -> Done<(String, String)> {
    let signer: DraftSigner = text.parse().map_err(|e| Stop::Usage(format!("--by {e}")))?;
    if signer.role != ROLE || signer.acting || !signer.on_behalf_of.is_empty() {
        return Err(Stop::Usage(format!("--by: imports are signed as {ROLE}; got {text:?}")));
    }
    Ok((signer.key, signer.body))
}

fn only_one(writer: &Writer) -> Done<(String, String)> {
    let held: Vec<(KeyId, String)> = writer.holders(ROLE);
    let at_hand = writer.keyring.all()?;
    let with_name = |(id, body): &(KeyId, String)| {
        let key = at_hand.iter().find(|key| key.public.key_id() == *id)?;
        Some((key.name.clone(), body.clone()))
    };
    let mut found: Vec<(String, String)> = held.iter().filter_map(with_name).collect();
    match found.len() {
        1 => Ok(found.swap_remove(0)),
        0 => Err(Stop::CannotDecide(format!(
            "no key in the key folder holds {ROLE}, as whom imports are signed. To make one:\n  \
             scrutiny key new service-import\n  \
             scrutiny key enrol service-import --as \"{ROLE} of BODY\""
        ))),
        _ => {
            let names: Vec<String> =
                found.iter().map(|(name, body)| format!("\"{name} as {ROLE} of {body}\"")).collect();
            Err(Stop::Usage(format!("several keys could sign; --by one of {}", names.join(", "))))
        }
    }
}
