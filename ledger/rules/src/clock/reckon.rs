//! From a rule and a day to the last day, with every step of the way said.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::calendar::{self, NotCovered};
use super::{COPY_WARNING_DAYS, Rule, STATUTORY_DAYS, StatutoryClock, Verdict};
use crate::civil::Day;
use crate::due::{self, REVIEW_EVERY_DAYS};

/// What a clock starts from. A moment counts as the day it has in London.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A civil day.
    Day(Day),
    /// Milliseconds since the Unix epoch.
    Instant(u64),
}

impl Start {
    /// The day in London.
    #[must_use]
    pub fn day(self) -> Day {
        match self {
            Self::Day(day) => day,
            Self::Instant(ms) => Day::in_london(ms),
        }
    }
}

impl FromStr for Start {
    type Err = ClockError;
    /// Reads `2022-06-21`, or a moment with its offset: `2022-06-21T10:00:00+01:00`.
    fn from_str(text: &str) -> Result<Self, ClockError> {
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        let at: Option<Timestamp> = text.parse().ok();
        let ms = at.and_then(|at| u64::try_from(at.as_millisecond()).ok());
        ms.map(Self::Instant).ok_or_else(|| ClockError::NotAStart(text.to_owned()))
    }
}

/// How often something is expected (R8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// Once in every month.
    Monthly,
    /// Every two months.
    TwoMonthly,
    /// Every three months.
    Quarterly,
    /// Every year.
    Annual,
}

/// What a rule needs beside the day. The default is enough for R1, R1b, R2, R4, R6, R11, R12, R13 and R14.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The due words, for R3, R5 and R7: "By July 2021".
    pub words: Option<String>,
    /// The cadence, for R8.
    pub cadence: Option<Cadence>,
    /// How many days, for R9.
    pub days: Option<u16>,
    /// The day in the template's calendar, for R10.
    pub calendar_day: Option<Day>,
    /// For R13: the day of the application, and the new last day that was granted on it.
    pub extension: Option<(Day, Day)>,
    /// For R13: first day of a judicial review, and the day on which the period runs again.
    pub pause: Option<(Day, Day)>,
}

/// What a rule makes of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reckoned {
    /// The rule's name.
    #[serde(serialize_with = "rule_name")]
    pub rule: Rule,
    /// The day it starts from, in London.
    #[serde(serialize_with = "day_text")]
    pub from: Day,
    /// The last day that keeps the rule, until 23:59:59 in London; none where the rule sets no day.
    #[serde(serialize_with = "day_or_none")]
    pub last_day: Option<Day>,
    /// The last day by the strictest reading, where the words allow two.
    #[serde(serialize_with = "day_or_none")]
    pub strict: Option<Day>,
    /// What everyday counting calls 56 days later.
    #[serde(serialize_with = "day_or_none")]
    pub plain_56: Option<Day>,
    /// When to look again, where there is no last day.
    #[serde(serialize_with = "day_or_none")]
    pub look_again: Option<Day>,
    /// What the rule says.
    pub words: &'static str,
    /// Where it stands.
    pub source: &'static str,
    /// The way from the one day to the other, a line a step.
    pub steps: Vec<String>,
}

/// Why a rule makes nothing of a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// Neither a day nor a moment.
    #[error("a clock starts from a day (2022-06-21) or a moment (2022-06-21T10:00:00+01:00), got {0:?}")]
    NotAStart(String),
    /// The way leads out of the years whose bank holidays are known.
    #[error(transparent)]
    NotCovered(#[from] NotCovered),
    /// The rule needs something beside the day.
    #[error("cannot decide: {rule} needs {needs}")]
    Needs {
        /// The rule.
        rule: Rule,
        /// What it needs.
        needs: &'static str,
    },
    /// The words are read by another rule, or by none.
    #[error("cannot decide: {rule} does not read {words:?}")]
    Words {
        /// The rule.
        rule: Rule,
        /// The words.
        words: String,
    },
    /// An extension or a pause that the law does not give.
    #[error("cannot decide: {0}")]
    Change(String),
}

/// Applies a rule.
///
/// # Errors
/// When the rule needs more than it was given, or the bank holidays are not known so far.
pub fn reckon(rule: Rule, from: Start, options: &Options) -> Result<Reckoned, ClockError> {
    let day = from.day();
    let mut made = Reckoned {
        rule,
        from: day,
        last_day: None,
        strict: None,
        plain_56: None,
        look_again: None,
        words: rule.words(),
        source: rule.source(),
        steps: Vec::new(),
    };
    if let Start::Instant(_) = from {
        made.step(format!("the moment lies on {day} in London"));
    }
    match rule {
        Rule::R1 => fifty_six(&mut made),
        Rule::R1b => {
            made.plain_56 = Some(StatutoryClock::beginning(day).plain_56());
            made.step(format!("{day} + {STATUTORY_DAYS}"));
        }
        Rule::R2 => made.look_again = Some(day.plus(COPY_WARNING_DAYS)),
        Rule::R4 => made.last_day = Some(day),
        Rule::R6 => made.look_again = Some(day.plus(i32::from(REVIEW_EVERY_DAYS))),
        Rule::R3 | Rule::R5 | Rule::R7 => by_words(&mut made, options)?,
        Rule::R8 => by_cadence(&mut made, options)?,
        Rule::R9 => within_days(&mut made, options)?,
        Rule::R10 => by_calendar(&mut made, options)?,
        Rule::R11 => working(&mut made, day, 5)?,
        Rule::R12 => {
            made.last_day = Some(day.plus(1));
            made.step(format!("it became clear on {} {day}; the day following ends it", day.weekday()));
        }
        Rule::R13 => independent_office(&mut made, options)?,
        Rule::R14Progress => made.last_day = Some(day.plus(28)),
        Rule::R14Answer => working(&mut made, day.plus(1), 10)?,
        Rule::R14Timeliness => {
            let last = day.last_of_period(12);
            made.last_day = Some(last);
            let again = last.plus(1).last_of_period(6);
            made.step(format!("the next period ends on {again}, and another every 6 months"));
        }
        Rule::R14CaseToAnswer => working(&mut made, day.plus(1), 15)?,
    }
    Ok(made)
}

impl Reckoned {
    /// Whether what was done on this day kept the rule; none where the rule sets no last day.
    #[must_use]
    pub fn verdict(&self, done: Day) -> Option<Verdict> {
        let last = self.last_day?;
        Some(if done > last { Verdict::Late { days: done.since(last) } } else { Verdict::InTime })
    }

    fn step(&mut self, text: String) {
        self.steps.push(text);
    }

    fn needs<T>(&self, given: Option<T>, needs: &'static str) -> Result<T, ClockError> {
        given.ok_or(ClockError::Needs { rule: self.rule, needs })
    }
}

fn fifty_six(made: &mut Reckoned) {
    let clock = StatutoryClock::beginning(made.from);
    let last = clock.last_day();
    made.last_day = Some(last);
    made.plain_56 = Some(clock.plain_56());
    made.step(format!("{} is day 1, {last} is day {STATUTORY_DAYS}: calendar days, all of them", made.from));
}

fn by_words(made: &mut Reckoned, options: &Options) -> Result<(), ClockError> {
    let words = made.needs(options.words.as_deref(), "the due words")?;
    let read = due::read(words, Some(made.from));
    let wanted = match made.rule {
        Rule::R3 => due::Rule::R3,
        Rule::R5 => due::Rule::R5,
        _ => due::Rule::R7,
    };
    let Some(due) = read.filter(|due| due.rule == wanted) else {
        return Err(ClockError::Words { rule: made.rule, words: words.to_owned() });
    };
    made.last_day = due.due;
    made.strict = due.strict;
    if let Some(opens) = due.opens {
        made.step(format!("{words:?} names a span that begins on {opens}"));
    }
    if let Some(strict) = due.strict {
        made.step(format!("read strictly, it ends before the span begins: {strict}"));
    }
    if due.interpreted {
        made.step("which days it names is an interpretation".to_owned());
    }
    Ok(())
}

fn by_cadence(made: &mut Reckoned, options: &Options) -> Result<(), ClockError> {
    let months = match made.needs(options.cadence, "the cadence")? {
        Cadence::Monthly => 1,
        Cadence::TwoMonthly => 2,
        Cadence::Quarterly => 3,
        Cadence::Annual => 12,
    };
    let last = made.from.month_end(months);
    made.last_day = Some(last);
    made.step(format!("the last was on {}; {months} months on is the month that ends on {last}", made.from));
    Ok(())
}

fn within_days(made: &mut Reckoned, options: &Options) -> Result<(), ClockError> {
    let days = made.needs(options.days, "a number of days: no source gives one")?;
    made.last_day = Some(made.from.plus(i32::from(days)));
    made.step(format!("{} + {days}", made.from));
    Ok(())
}

fn by_calendar(made: &mut Reckoned, options: &Options) -> Result<(), ClockError> {
    let day = made.needs(options.calendar_day, "the day in the template's calendar")?;
    made.last_day = Some(day);
    made.step(format!("the calendar says {} {day}", day.weekday()));
    Ok(())
}

fn working(made: &mut Reckoned, first: Day, count: u32) -> Result<(), ClockError> {
    let (last, skipped) = calendar::nth_working(first, count)?;
    made.step(format!("{count} working days from {} {first} on", first.weekday()));
    made.steps.extend(skipped);
    made.last_day = Some(last);
    Ok(())
}

fn independent_office(made: &mut Reckoned, options: &Options) -> Result<(), ClockError> {
    fifty_six(made);
    let mut last = StatutoryClock::beginning(made.from).last_day();
    if let Some((paused, resumed)) = options.pause {
        if paused > last || resumed < paused {
            return Err(ClockError::Change(format!(
                "a pause from {paused} to {resumed}, of a period to {last}"
            )));
        }
        last = last.plus(resumed.since(paused));
        made.step(format!(
            "judicial review from {paused}, running again on {resumed}: the end moves to {last}"
        ));
    }
    if let Some((applied, granted)) = options.extension {
        if applied > last {
            return Err(ClockError::Change(format!(
                "applied for an extension on {applied}, after the end, {last}"
            )));
        }
        if granted <= last {
            return Err(ClockError::Change(format!("an extension to {granted}, of a period to {last}")));
        }
        last = granted;
        made.step(format!("extended to {granted}, on an application of {applied}"));
    }
    made.last_day = Some(last);
    Ok(())
}

fn rule_name<S: Serializer>(rule: &Rule, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(rule.as_str())
}

fn day_text<S: Serializer>(day: &Day, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

fn day_or_none<S: Serializer>(day: &Option<Day>, serializer: S) -> Result<S::Ok, S::Error> {
    match day {
        Some(day) => serializer.collect_str(day),
        None => serializer.serialize_none(),
    }
}
