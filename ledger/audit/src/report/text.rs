//! The report in plain English: what was checked, with which keys, and what that does not show.

use std::fmt;

use super::{AddendaCount, Head, Recorded, Report, Verdict, Witnessed};
use crate::finding::{Finding, Severity};
use crate::trust::KeyBasis;

/// Findings written out in full. The rest are counted; the JSON has them.
const MAX_WRITTEN: usize = 50;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.heading(f)?;
        writeln!(f)?;
        self.what_was_checked(f)?;
        self.by_whom_recorded(f)?;
        self.by_which_keys(f)?;
        self.what_was_found(f)?;
        writeln!(f)?;
        write!(
            f,
            "This does not show that a decision was right, that a statement is true, or that nothing was left \
             unrecorded.\nIt does not show who held a key, only which key signed."
        )
    }
}

impl Report {
    fn heading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.origin.as_deref().unwrap_or("a ledger without a name");
        match (&self.verdict, &self.head) {
            (Verdict::Findings, _) => writeln!(f, "Do not rely on this record"),
            (Verdict::CannotDecide(reason), _) => {
                writeln!(f, "We could not complete this check")?;
                writeln!(f, "{reason}")
            }
            (Verdict::Clean, Some(head)) => match head.witnessed {
                Witnessed::ByQuorum => {
                    let time = head.cosigned_by.iter().map(|by| by.time).max().unwrap_or(0);
                    writeln!(f, "This record has not been changed since {}", utc(time))
                }
                Witnessed::BelowQuorum => {
                    writeln!(f, "Recorded, but not yet confirmed by enough independent bodies")
                }
                Witnessed::NotAsked => {
                    writeln!(f, "Recorded, and not compared with what independent bodies have seen")
                }
            },
            (Verdict::Clean, None) => unreachable_head(f),
        }?;
        writeln!(f, "{name}, {} entries, read from {}", self.entries, self.source)
    }

    fn what_was_checked(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.counts;
        writeln!(f, "Checked, each from the bytes:")?;
        writeln!(
            f,
            "  {} entries read ({} bytes), {} links to the entry before",
            c.entries, c.bytes, c.links
        )?;
        writeln!(f, "  {} signatures by authors", c.signatures)?;
        writeln!(f, "  {} statements judged again by the rules, each at its place", c.rules)?;
        writeln!(f, "  {} tiles and {} checkpoints compared with the tree", c.tiles, c.checkpoints)?;
        writeln!(f, "  {} cosignatures by witnesses that you named", c.cosignatures)?;
        if c.samples + c.files > 0 {
            writeln!(f, "  {} samples repeated, {} imported files put together again", c.samples, c.files)?;
        }
        let AddendaCount { present, withheld, erased, missing, wrong } = c.addenda;
        writeln!(
            f,
            "  sealed fields: {present} present, {withheld} withheld, {erased} removed as an entry says, {missing} \
             missing, {wrong} wrong"
        )?;
        if let Some(root) = &self.root {
            writeln!(f, "  root hash of the tree: {root}")?;
        }
        Ok(())
    }

    /// Only where recorders took over from each other.
    fn by_whom_recorded(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, _, ..] = &self.recorded[..] else { return Ok(()) };
        writeln!(f, "Recorded in {} epochs:", self.recorded.len())?;
        let ends = self.recorded.iter().skip(1).map(|next| format!("to {}", next.from - 1));
        let ends = ends.chain(std::iter::once("on".to_owned()));
        let left_out = self.recorded.len().saturating_sub(MAX_WRITTEN);
        if left_out > 0 {
            writeln!(f, "  … {left_out} earlier ones")?;
        }
        for (Recorded { epoch, from, recorder, log_keys }, end) in
            self.recorded.iter().zip(ends).skip(left_out)
        {
            let who = recorder.as_deref().unwrap_or("the recorder that founded the ledger");
            writeln!(f, "  epoch {epoch}, entries {from} {end}: {who}; log keys {log_keys}")?;
        }
        Ok(())
    }

    fn by_which_keys(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Head { size, log_signature, log_keys, cosigned_by, .. }) = &self.head else {
            return writeln!(f, "No checkpoint was signed by the log's keys.");
        };
        let keys = log_keys.join(" and ");
        match log_signature {
            KeyBasis::Given => writeln!(f, "The log signed for {size} entries with {keys}, as you gave it.")?,
            KeyBasis::Followed => writeln!(
                f,
                "The log signed for {size} entries with {keys}. You gave earlier keys: two root keys of the ledger that \
                 they signed for authorised these."
            )?,
            KeyBasis::KnownGenesis => {
                writeln!(
                    f,
                    "The log signed for {size} entries with {keys}, which follow from the entry 0 that you know."
                )?;
            }
            KeyBasis::Unreached => writeln!(
                f,
                "The log signed for {size} entries with {keys}. None of the checkpoints here is signed by the keys that you \
                 gave."
            )?,
            KeyBasis::Pinned => writeln!(
                f,
                "The log signed for {size} entries with {keys}. That key comes from the ledger itself: nobody \
                 independent vouches for it."
            )?,
            KeyBasis::None => writeln!(f, "Who signed for {size} entries was not checked: no key is known.")?,
        }
        for by in cosigned_by {
            match by.time {
                0 => writeln!(f, "Confirmed by {}, which does not say when.", by.name)?,
                time => writeln!(f, "Confirmed by {} on {}.", by.name, utc(time))?,
            }
        }
        Ok(())
    }

    fn what_was_found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for obstacle in &self.obstacles {
            writeln!(f, "Not read: {obstacle}")?;
        }
        let total: u64 = self.finding_counts.values().sum();
        if total == 0 {
            return writeln!(f, "Nothing was found to be wrong.");
        }
        // Breaches first, so that no flood of consequences hides them.
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by_key(|finding| finding.severity);
        writeln!(f)?;
        for finding in findings.iter().take(MAX_WRITTEN) {
            write_finding(f, finding)?;
        }
        let written = findings.len().min(MAX_WRITTEN) as u64;
        if total > written {
            writeln!(f, "… and {} more", total - written)?;
        }
        Ok(())
    }
}

fn write_finding(f: &mut fmt::Formatter<'_>, finding: &Finding) -> fmt::Result {
    let weight = match finding.severity {
        Severity::Breach => "",
        Severity::Consequence => " (consequence)",
        Severity::Note => " (note)",
    };
    let rule = finding.rule.as_ref().map_or_else(String::new, |rule| format!(" {rule}"));
    writeln!(f, "{}{rule}{weight}: {}", finding.code, finding.sentence)?;
    if let (Some(expected), Some(found)) = (&finding.expected, &finding.found) {
        writeln!(f, "    expected {expected}")?;
        writeln!(f, "    found    {found}")?;
    }
    Ok(())
}

/// A clean verdict needs a head, so this is only what a report made by hand would read.
fn unreachable_head(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "No checkpoint covers this record")
}

/// Seconds since the Unix epoch as a civil time in UTC, by Hinnant's algorithm for days.
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let name =
        usize::try_from(month).ok().and_then(|month| months.get(month.checked_sub(1)?)).unwrap_or(&"?");
    format!("{day} {name} {year} at {:02}:{:02} UTC", rest / 3_600, rest % 3_600 / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(utc(0), "1 January 1970 at 00:00 UTC");
        assert_eq!(utc(951_782_400), "29 February 2000 at 00:00 UTC");
        assert_eq!(utc(1_795_255_440), "21 November 2026 at 10:04 UTC");
    }
}
