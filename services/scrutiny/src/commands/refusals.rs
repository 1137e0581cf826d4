//! `scrutiny refusals`: what was not recorded, and why.

use ledger_core::hash::Hash;
use ledger_store::Refusals;
use prost::Message as _;
use scrutiny_proto::ledger::v1::RefusalRecord;
use serde_json::json;

use crate::cli::Common;
use crate::exit::{Done, Stop};
use crate::output::{Output, count};
use crate::reading::Book;
use crate::writing;

pub(crate) fn run(last: usize, at: &Common, out: Output) -> Done {
    let kept = Book::open(&at.ledger)?.refusals()?;
    if kept.next() == 0 {
        out.result("refusals", "Nothing was ever refused.", || json!([]));
        return Ok(());
    }
    let from = kept.next().saturating_sub(last as u64).max(kept.first());
    out.begin_list("refusals");
    if !out.is_json() {
        out.item(|| line("when (UTC)", "code", "why"), || json!(null));
    }
    for number in from..kept.next() {
        let record = kept.get(number).map_err(writing::store)?;
        let refusal = RefusalRecord::decode(record.unwrap_or_default())
            .map_err(|e| Stop::VerificationFailed(format!("refusal {number}: {e}")))?;
        out.item(
            || line(&when(refusal.refused_at_ms), &refusal.code, &refusal.sentence),
            || {
                json!({
                    "refused_at_ms": refusal.refused_at_ms, "code": refusal.code, "sentence": refusal.sentence,
                    "statement_sha256": Hash::from_slice(&refusal.statement_sha256).map(|h| h.to_hex()),
                })
            },
        );
    }
    if from > kept.first() {
        let (shown, all) = (kept.next() - from, kept.next() - kept.first());
        out.say(&format!("These are the last {shown} of {all}; `--last {all}` shows all."));
    }
    say_what_was_dropped(&kept, out)
}

/// Half a million are kept, and the oldest go: what went can be told from a copy.
fn say_what_was_dropped(kept: &Refusals, out: Output) -> Done {
    for gone in kept.dropped().map_err(writing::store)? {
        let what = count(gone.next - gone.first, "refusal", "refusals");
        out.say(&format!(
            "{what} ({} to {}) are not kept any more; the file that held them had SHA-256 {}",
            gone.first,
            gone.next - 1,
            gone.sha256.to_hex()
        ));
    }
    Ok(())
}

fn line(when: &str, code: &str, why: &str) -> String {
    format!(" {when:<19}  {code:<12}  {why}")
}

fn when(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map(|t| t.strftime("%F %T").to_string()).unwrap_or_default()
}
