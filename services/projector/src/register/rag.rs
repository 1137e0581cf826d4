//! Red, amber, green: computed, not declared.
//!
//! | Colour | When |
//! |---|---|
//! | blue  | the inspectorate has closed it |
//! | grey  | answered as not addressed to this body: never overdue for it |
//! | red   | the due date has passed and work is still to be done; or there is no answer |
//! | amber | due within 60 days; or no word for 90 days |
//! | green | anything else |
//!
//! A due date is the report's, by its default reading; where the report sets none, the body's own. An
//! answer of "no action, because …" is lawful (s.55(5B)(b)) and leaves nothing to be overdue; so does
//! "action taken", as long as nothing later says that work goes on. Both are the body's own account, and
//! the inspectorate's status stands beside it.

use ledger_rules::civil::Day;
use serde::Serialize;

/// Days before a due date that turn a row amber.
pub const AMBER_BEFORE_DUE_DAYS: i32 = 60;
/// Days without a word that turn a row amber.
pub const AMBER_SILENCE_DAYS: i32 = 90;

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the module's table says what each means")]
pub enum Rag {
    Red,
    Amber,
    Green,
    Blue,
    Grey,
}

impl Rag {
    /// The colour's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Amber => "amber",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Grey => "grey",
        }
    }
}

/// What the colour is computed from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) closed: bool,
    pub(super) not_addressed: bool,
    pub(super) answered: bool,
    /// Assessed complete by the body, or answered with "action taken" or "no action".
    pub(super) nothing_left: bool,
    pub(super) due: Option<Day>,
    /// Day of the last word; none where that day is unknown.
    pub(super) last_word: Option<Day>,
}

/// The colour on a day, and why.
pub(super) fn compute(facts: &Facts, on: Day) -> (Rag, String) {
    if facts.closed {
        return (Rag::Blue, "closed by the inspectorate".to_owned());
    }
    if facts.not_addressed {
        return (Rag::Grey, "not addressed to this body".to_owned());
    }
    if !facts.answered {
        return (Rag::Red, "no answer".to_owned());
    }
    if facts.nothing_left {
        return (Rag::Green, "nothing left to do, by the body's own account".to_owned());
    }
    match facts.due.map(|due| (due, due.since(on))) {
        Some((due, left)) if left < 0 => return (Rag::Red, format!("overdue since {due}, {} days", -left)),
        Some((due, left)) if left <= AMBER_BEFORE_DUE_DAYS => {
            return (Rag::Amber, format!("due {due}, in {left} days"));
        }
        _ => {}
    }
    match facts.last_word {
        None => (Rag::Amber, "the day of the last word is unknown".to_owned()),
        Some(last) if on.since(last) > AMBER_SILENCE_DAYS => {
            (Rag::Amber, format!("no word since {last}, {} days", on.since(last)))
        }
        Some(_) => (Rag::Green, "answered, not due".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colour_follows_the_table() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let open = Facts {
            closed: false,
            not_addressed: false,
            answered: true,
            nothing_left: false,
            due: Some(day("2021-07-31")),
            last_word: Some(day("2021-04-13")),
        };
        for (facts, on, expected) in [
            (open, "2021-05-31", Rag::Green),
            (open, "2021-06-01", Rag::Amber),
            (open, "2021-07-31", Rag::Amber),
            (open, "2021-08-01", Rag::Red),
            (Facts { nothing_left: true, ..open }, "2021-08-01", Rag::Green),
            (Facts { answered: false, ..open }, "2021-05-31", Rag::Red),
            (Facts { not_addressed: true, ..open }, "2021-08-01", Rag::Grey),
            (Facts { closed: true, ..open }, "2021-08-01", Rag::Blue),
            (Facts { due: None, ..open }, "2021-07-12", Rag::Green),
            (Facts { due: None, ..open }, "2021-07-13", Rag::Amber),
            (Facts { due: None, last_word: None, ..open }, "2021-05-01", Rag::Amber),
        ] {
            assert_eq!(compute(&facts, day(on)).0, expected, "{facts:?} on {on}");
        }
    }
}
