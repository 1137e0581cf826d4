//! `scrutiny refusals`: what was not recorded, and why.

use ledger_core::hash::Hash;
use serde_json::{Value, json};

use crate::cli::Common;
use crate::exit::Done;
use crate::output::{Output, table};
use crate::reading::Book;

pub(crate) fn run(last: usize, at: &Common, out: Output) -> Done {
    let (count, refusals) = Book::open(&at.ledger)?.refusals(last)?;
    let when = |ms: u64| {
        let time = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        time.map(|t| t.strftime("%F %T").to_string()).unwrap_or_default()
    };
    let text = if count == 0 {
        "Nothing was ever refused.".to_owned()
    } else {
        let rows = refusals.iter().map(|r| [when(r.refused_at_ms), r.code.clone(), r.sentence.clone()]);
        table(["when (UTC)", "code", "why"], rows)
    };
    out.result("refusals", &text, || {
        let to_json = |r: &scrutiny_proto::ledger::v1::RefusalRecord| {
            json!({
                "refused_at_ms": r.refused_at_ms, "code": r.code, "sentence": r.sentence,
                "statement_sha256": Hash::from_slice(&r.statement_sha256).map(|h| h.to_hex()),
            })
        };
        refusals.iter().map(to_json).collect::<Vec<Value>>().into()
    });
    if count > refusals.len() as u64 {
        out.say(&format!("These are the last {} of {count}; `--last {count}` shows all.", refusals.len()));
    }
    Ok(())
}
