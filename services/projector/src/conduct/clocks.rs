//! The clocks of a case: what they began with, when they ended, and what that makes.

use ledger_rules::civil::Day;
use ledger_rules::clock::{Options, Reckoned, Rule, Start, reckon};

use super::Case;
use super::fold::What;
use super::view::{CaseRow, ClockState, ClockView};

/// Months between reports on timeliness, after the first at twelve.
const TIMELINESS_AGAIN_MONTHS: i32 = 6;

impl Case {
    pub(super) fn row(&self, pseudonym: &str, as_of: Day) -> CaseRow {
        let past = Past { case: self, as_of };
        let severity = past.whats().rev().find_map(|(_, what)| match what {
            What::Severity(result) => Some(result),
            _ => None,
        });
        let received = self.received.first();
        let assessed = past.first(|what| matches!(what, What::Severity(_)));
        CaseRow {
            case: format!("psdcase/{pseudonym}"),
            body: self.body.clone(),
            route: self.route,
            received: self.received.view(),
            severity,
            days_to_severity: received.zip(assessed).map(|(from, to)| to.since(from)),
            stage: past.stage(),
            clocks: past.clocks(),
            entries: past.entries(),
        }
    }
}

/// What had happened to a case by a day.
struct Past<'a> {
    case: &'a Case,
    as_of: Day,
}

impl Past<'_> {
    /// Each with the entry that says so.
    fn whats(&self) -> impl DoubleEndedIterator<Item = (u64, What)> {
        let by_then = self.case.events.iter().filter(|event| event.happened.by(self.as_of));
        by_then.map(|event| (event.entry, event.what))
    }

    fn entries(&self) -> Vec<u64> {
        self.whats().map(|(entry, _)| entry).collect()
    }

    fn first(&self, is: impl Fn(&What) -> bool) -> Option<Day> {
        let mut by_then = self.case.events.iter().filter(|event| event.happened.by(self.as_of));
        by_then.find(|event| is(&event.what)).and_then(|event| event.happened.first())
    }

    fn closed(&self) -> bool {
        self.whats().any(|(_, what)| matches!(what, What::Closed))
    }

    fn stage(&self) -> &'static str {
        let stage = |what| match what {
            What::Received(_) => Some("received"),
            What::Severity(_) => Some("severity assessed"),
            What::Reported(_) => Some("investigation reported"),
            What::Answered(_) => Some("case to answer determined"),
            What::Started => Some("proceedings started"),
            What::Concluded(_) => Some("proceedings concluded"),
            What::Closed => Some("closed"),
            _ => None,
        };
        self.whats().rev().find_map(|(_, what)| stage(what)).unwrap_or("received")
    }

    fn clocks(&self) -> Vec<ClockView> {
        let mut clocks = self.lists();
        clocks.splice(0..0, self.referral());
        clocks.extend(self.progress());
        clocks.extend(self.case_to_answer());
        clocks.extend(self.timeliness());
        clocks
    }

    /// The first day it became clear, against the first day it was referred.
    fn referral(&self) -> Option<ClockView> {
        let referred = |(entry, what)| match what {
            What::Referred(clear, made) => Some((entry, clear, made)),
            _ => None,
        };
        let steps: Vec<_> = self.whats().filter_map(referred).collect();
        let (began, clear) = steps.iter().find_map(|(entry, clear, _)| Some((*entry, (*clear)?)))?;
        let made = steps.iter().find_map(|(entry, _, made)| Some((*entry, (*made)?)));
        Some(self.clock(Rule::R12, "referral to the Independent Office", (began, clear), made))
    }

    fn lists(&self) -> Vec<ClockView> {
        let listed = |(entry, what)| match what {
            What::Listed(list, trigger, sent) => Some((entry, list, trigger?, sent?)),
            _ => None,
        };
        let clock = |(entry, list, trigger, sent)| {
            let what =
                if list == "barred" { "report to the barred list" } else { "report to the advisory list" };
            self.clock(Rule::R11, what, (entry, trigger), Some((entry, sent)))
        };
        let mut clocks: Vec<_> = self.whats().filter_map(listed).map(clock).collect();
        let sent = clocks.iter().any(|clock| clock.what.ends_with("barred list"));
        let dismissed = self.whats().find_map(|(entry, what)| match what {
            What::Concluded(day) => Some((entry, day?)),
            _ => None,
        });
        if let Some(began) = dismissed.filter(|_| !sent) {
            clocks.push(self.clock(Rule::R11, "report to the barred list", began, None));
        }
        clocks
    }

    /// From the notice of investigation on, until the investigator has reported.
    fn progress(&self) -> Vec<ClockView> {
        let what = "notice of progress";
        let mut clocks = Vec::new();
        let mut running = None;
        for event in self.case.events.iter().filter(|event| event.happened.by(self.as_of)) {
            let ended = match event.what {
                What::Investigated => {
                    running = running.or(event.happened.first().map(|day| (event.entry, day)));
                    continue;
                }
                What::Progress(given) => given.or(event.happened.first()),
                What::Reported(_) | What::Closed => {
                    running = None;
                    continue;
                }
                _ => continue,
            };
            let Some(given) = ended else { continue };
            if let Some(began) = running.replace((event.entry, given)) {
                clocks.push(self.clock(Rule::R14Progress, what, began, Some((event.entry, given))));
            }
        }
        clocks.extend(running.map(|began| self.clock(Rule::R14Progress, what, began, None)));
        clocks
    }

    fn case_to_answer(&self) -> Option<ClockView> {
        let reported = self.whats().find_map(|(entry, what)| match what {
            What::Reported(day) => Some((entry, day?)),
            _ => None,
        })?;
        let answered = self.whats().find_map(|(entry, what)| match what {
            What::Answered(day) => Some((entry, day?)),
            _ => None,
        });
        Some(self.clock(Rule::R14CaseToAnswer, "determination of a case to answer", reported, answered))
    }

    /// The report that is due next, or the last one that was given once the case is closed.
    fn timeliness(&self) -> Vec<ClockView> {
        let Some(received) = self.case.received.first() else { return Vec::new() };
        let opened = self.case.events.first().map_or(0, |event| event.entry);
        let given: Vec<_> = self
            .whats()
            .filter_map(|(entry, what)| match what {
                What::Timeliness(day) => Some((entry, day?)),
                _ => None,
            })
            .collect();
        let mut clocks = Vec::new();
        let what = "report on timeliness to the local policing body";
        let mut limit = reckon(Rule::R14Timeliness, Start::Day(received), &Options::default())
            .ok()
            .and_then(|reckoned| reckoned.last_day);
        for done in given.iter().copied().map(Some).chain([None]) {
            let Some(last) = limit else { break };
            // A period that has not run a year owes nothing yet, and a closed case owes nothing more.
            let is_owed = done.is_some() || (!self.closed() && self.as_of > last);
            if is_owed {
                clocks.push(self.ended(Rule::R14Timeliness, what, (opened, received), Some(last), done));
            }
            limit = Some(last.plus(1).last_of_period(TIMELINESS_AGAIN_MONTHS));
        }
        clocks
    }

    fn clock(
        &self,
        rule: Rule,
        what: &'static str,
        began: (u64, Day),
        done: Option<(u64, Day)>,
    ) -> ClockView {
        match reckon(rule, Start::Day(began.1), &Options::default()) {
            Ok(Reckoned { last_day, .. }) => self.ended(rule, what, began, last_day, done),
            Err(error) => {
                let undecided = self.ended(rule, what, began, None, done);
                ClockView { state: ClockState::CannotDecide { because: error.to_string() }, ..undecided }
            }
        }
    }

    fn ended(
        &self,
        rule: Rule,
        what: &'static str,
        (began, from): (u64, Day),
        last_day: Option<Day>,
        done: Option<(u64, Day)>,
    ) -> ClockView {
        let state = match (last_day, done) {
            (None, _) => ClockState::CannotDecide { because: format!("{rule} sets no day") },
            (Some(last), Some((_, day))) if day > last => ClockState::Late { days: day.since(last) },
            (Some(_), Some(_)) => ClockState::InTime,
            (Some(last), None) if self.as_of > last => ClockState::Overdue { days: self.as_of.since(last) },
            (Some(last), None) => ClockState::Running { days_left: last.since(self.as_of) },
        };
        let mut entries = vec![began];
        entries.extend(done.map(|(entry, _)| entry));
        entries.dedup();
        ClockView {
            rule: rule.as_str(),
            what,
            from: from.to_string(),
            last_day: last_day.map(|day| day.to_string()),
            done_on: done.map(|(_, day)| day.to_string()),
            state,
            source: rule.source(),
            entries,
        }
    }
}
