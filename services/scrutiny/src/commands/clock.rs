//! `scrutiny clock`: what a rule makes of a day.

use std::fmt::Write as _;

use ledger_rules::clock::{self, ClockError, Options, Reckoned, Rule, Start, reckon};
use serde_json::{Value, json};

use crate::cli::{Cadence, Clock};
use crate::exit::{Done, Stop};
use crate::output::{Output, table};
use crate::viewing::day;

pub(crate) fn run(args: &Clock, out: Output) -> Done {
    let Some(name) = &args.rule else { return list(out) };
    let rule: Rule = name.parse().map_err(|e: clock::NoRule| Stop::NotFound(e.to_string()))?;
    let Some(from) = &args.from else {
        let source = format!("{rule}: {}.\n\nSource: {}", rule.words(), rule.source());
        out.result("clock", &source, || one(rule));
        out.say("\n--from DATE reckons with it.");
        return Ok(());
    };
    let from: Start = from.parse().map_err(|e: ClockError| Stop::Usage(format!("--from: {e}")))?;
    let reckoned = reckon(rule, from, &options(args)?).map_err(|e| Stop::CannotDecide(e.to_string()))?;
    out.result("clock", &text(&reckoned), || json!(reckoned));
    Ok(())
}

fn list(out: Output) -> Done {
    let rows = Rule::ALL.iter().map(|r| [r.to_string(), r.words().to_owned(), r.source().to_owned()]);
    out.result("clock", &table(["rule", "what it says", "source"], rows), || {
        Value::Array(Rule::ALL.iter().copied().map(one).collect())
    });
    Ok(())
}

fn one(rule: Rule) -> Value {
    json!({ "rule": rule.as_str(), "words": rule.words(), "source": rule.source() })
}

fn options(args: &Clock) -> Done<Options> {
    let pair = |dates: &Option<Vec<_>>| match dates.as_deref() {
        Some([first, second]) => Ok(Some((day(*first)?, day(*second)?))),
        _ => Ok(None),
    };
    Ok(Options {
        words: args.words.clone(),
        cadence: args.cadence.map(|cadence| match cadence {
            Cadence::Monthly => clock::Cadence::Monthly,
            Cadence::TwoMonthly => clock::Cadence::TwoMonthly,
            Cadence::Quarterly => clock::Cadence::Quarterly,
            Cadence::Annual => clock::Cadence::Annual,
        }),
        days: args.days,
        calendar_day: args.due.map(day).transpose()?,
        extension: pair(&args.extended)?,
        pause: pair(&args.paused)?,
    })
}

fn text(reckoned: &Reckoned) -> String {
    let Reckoned { rule, from, last_day, strict, plain_56, look_again, words, source, steps } = reckoned;
    let mut text = match last_day {
        Some(last) => format!("{rule} from {from}: last day {last}, until 23:59:59 in London\n"),
        None => format!("{rule} from {from}: no last day\n"),
    };
    let lines = [
        (strict, "read strictly"),
        (plain_56, "by everyday count, 56 days later"),
        (look_again, "look again on"),
    ];
    for (day, what) in lines {
        if let Some(day) = day {
            let _ = writeln!(text, "  {what}: {day}");
        }
    }
    for step in steps {
        let _ = writeln!(text, "  - {step}");
    }
    let _ = write!(text, "\nThe rule: {words}.\nSource: {source}");
    text
}
