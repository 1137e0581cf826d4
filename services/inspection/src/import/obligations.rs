//! Who owes an answer to what: the rule of `owed_by`, and the table that says it one by one.

use std::collections::BTreeSet;

use super::drafts::Finding;
use super::table::{Problems, Row};

/// The class of bodies that a finding to all forces is addressed to.
const FORCES: &str = "forces";

/// What nobody owes an answer to.
const PRACTICE: &str = "innovative_practice";

/// Limb of a finding that is answered as one.
const WHOLE: &str = "0";

/// One answer that is owed.
pub(super) struct Owed<'a> {
    pub(super) body: &'a str,
    pub(super) finding: &'a str,
    pub(super) limb: &'a str,
    /// Whether s.55(5B) strictly applies.
    pub(super) strict: bool,
    /// The row that says so, where one does.
    pub(super) row: Option<&'a Row>,
}

/// What the table says, row by row, then what `owed_by` adds: each of its bodies owes an answer to every
/// finding that is addressed to it or to forces, limb by limb, except to innovative practice.
pub(super) fn owed<'a>(
    report: &'a Row,
    findings: &[Finding<'a>],
    rows: &'a [Row],
    problems: &mut Problems,
) -> Vec<Owed<'a>> {
    let mut seen = BTreeSet::new();
    let mut owed = Vec::new();
    for row in rows {
        row.check_needed(problems);
        let (body, number) = (row.get("body"), row.get("finding"));
        let limb = Some(row.get("limb")).filter(|limb| !limb.is_empty()).unwrap_or(WHOLE);
        let Some(finding) = findings.iter().find(|f| f.number() == number) else {
            if !number.is_empty() {
                problems
                    .add(row.place("finding"), format!("there is no finding {number} among the findings"));
            }
            continue;
        };
        if !limbs(finding).contains(&limb) {
            let sentence = format!("finding {number} has {}; got {limb:?}", described(finding));
            problems.add(row.place("limb"), sentence);
        }
        if !seen.insert((body, number, limb)) {
            problems.add(
                row.place("body"),
                format!("{body} owes an answer to {number}/{limb} already, further up"),
            );
        }
        let strict = row.flag("strict_55_5b", problems).unwrap_or_else(|| finding.kind() == "recommendation");
        owed.push(Owed { body, finding: number, limb, strict, row: Some(row) });
    }
    for body in report.list("owed_by") {
        let addressed =
            |f: &&Finding<'a>| f.first().list("addressees").iter().any(|a| a == FORCES || a == body);
        for finding in findings.iter().filter(addressed).filter(|f| f.kind() != PRACTICE) {
            for limb in limbs(finding) {
                if seen.insert((body, finding.number(), limb)) {
                    let strict = finding.kind() == "recommendation";
                    owed.push(Owed { body, finding: finding.number(), limb, strict, row: None });
                }
            }
        }
    }
    owed
}

fn limbs<'a>(finding: &Finding<'a>) -> Vec<&'a str> {
    let limbs: Vec<&str> = finding.limbs().collect();
    if limbs.is_empty() { vec![WHOLE] } else { limbs }
}

fn described(finding: &Finding<'_>) -> String {
    let limbs: Vec<&str> = finding.limbs().collect();
    if limbs.is_empty() {
        "no limbs: leave it empty".to_owned()
    } else {
        format!("the limbs {}", limbs.join(", "))
    }
}
