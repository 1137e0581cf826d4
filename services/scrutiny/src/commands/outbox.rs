//! `scrutiny outbox`: what was signed here and has no verified receipt yet.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::send::Sender;
use crate::cli::{Common, OutboxRetry, Sending};
use crate::exit::{Done, Stop};
use crate::outbox::{Kept, Outbox};
use crate::output::Output;
use crate::reach;

pub(crate) fn list(at: &Common, out: Output) -> Done {
    let all = Outbox::of(&at.keys).all()?;
    let text = if all.is_empty() {
        "Nothing waits: whatever was handed in from here has its receipt.".to_owned()
    } else {
        let lines = |kept: &Kept| {
            let (kind, stream) = (kept.short_kind(), &kept.file.stream);
            let signed = when(kept.file.kept_at_ms);
            format!("{}  {kind} in {stream}\n    signed {signed} UTC; {}\n", kept.file.id, state(kept))
        };
        all.iter().map(lines).collect()
    };
    out.result("outbox list", &text, || Value::Array(all.iter().map(to_json).collect()));
    if all.iter().any(|kept| !kept.is_refused()) {
        out.say("\nNext: scrutiny outbox retry");
    }
    Ok(())
}

pub(crate) fn retry(args: &OutboxRetry, at: &Common, out: Output) -> Done {
    let outbox = Outbox::of(&at.keys);
    let mut all = outbox.all()?;
    for id in &args.ids {
        if !all.iter().any(|kept| kept.file.id == *id) {
            return Err(Stop::NotFound(format!("{}: nothing waits under {id}", outbox.dir().display())));
        }
    }
    all.retain(
        |kept| if args.ids.is_empty() { !kept.is_refused() } else { args.ids.contains(&kept.file.id) },
    );
    if all.is_empty() {
        out.result("outbox retry", "Nothing waits.", || json!([]));
        return Ok(());
    }
    // One connection for each place; in each, the order in which it was signed.
    let mut places: BTreeMap<(String, String), Vec<Kept>> = BTreeMap::new();
    for kept in all {
        let to = args.sending.to.clone().unwrap_or_else(|| kept.file.to.clone());
        places.entry((to, kept.file.force.clone())).or_default().push(kept);
    }
    let mut stop = None;
    for ((to, force), waiting) in places {
        let sending = Sending { force: args.sending.force.clone().or(Some(force)), ..args.sending.clone() };
        let done = reach::wait_for(async {
            let mut sender = Sender::open(&to, &sending, at, out).await?;
            let mut refused = None;
            for kept in waiting {
                match sender.send(kept).await {
                    Err(why @ (Stop::Refused(_) | Stop::Conflict(_))) => refused = Some(why),
                    other => other?,
                }
            }
            sender.finish("outbox retry", refused).await
        });
        stop = stop.or(done.err());
    }
    stop.map_or(Ok(()), Err)
}

pub(crate) fn drop(id: &str, at: &Common, out: Output) -> Done {
    let outbox = Outbox::of(&at.keys);
    let all = outbox.all()?;
    let Some(kept) = all.iter().find(|kept| kept.file.id == id) else {
        return Err(Stop::NotFound(format!("{}: nothing waits under {id}", outbox.dir().display())));
    };
    if !kept.is_refused() {
        return Err(Stop::Conflict(format!(
            "{id} was not refused: it may be recorded already, or be on its way; `scrutiny outbox retry {id}` finds out"
        )));
    }
    outbox.forget(kept)?;
    out.result("outbox drop", &format!("{id} is forgotten."), || json!({ "id": id }));
    Ok(())
}

fn state(kept: &Kept) -> String {
    kept.file
        .refused
        .as_ref()
        .map_or_else(|| format!("waits for {}", kept.file.to), |why| format!("refused, {why}"))
}

fn when(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map(|t| t.strftime("%F %T").to_string()).unwrap_or_default()
}

fn to_json(kept: &Kept) -> Value {
    json!({
        "id": kept.file.id,
        "kind": kept.short_kind(),
        "stream": kept.file.stream,
        "to": kept.file.to,
        "force": kept.file.force,
        "kept_at_ms": kept.file.kept_at_ms,
        "refused": kept.file.refused,
    })
}
