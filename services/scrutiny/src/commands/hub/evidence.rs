//! `scrutiny hub evidence`: the evidence of a fork, from the hub to whoever is to check it.

use serde_json::json;

use super::{ask, place};
use crate::cli::{Common, HubEvidence};
use crate::exit::{Done, Stop};
use crate::output::Output;
use crate::reach;

pub(crate) fn run(args: &HubEvidence, at: &Common, out: Output) -> Done {
    let place = place(&args.services)?;
    let text = reach::wait_for(async {
        let bus = reach::reach(&args.services, &at.ledger).await?;
        ask(&bus, &place, "evidence", args.force.clone().into()).await
    })?;
    let text = String::from_utf8(text.to_vec())
        .map_err(|_| Stop::VerificationFailed("the hub's answer is no text".to_owned()))?;
    out.result("hub evidence", &text, || json!({ "force": args.force, "evidence": text }));
    out.say("\nInto a file, `scrutiny hub check-fork FILE --policy POLICY` checks it.");
    Ok(())
}
