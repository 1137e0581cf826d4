//! Computes the register's view.

use std::collections::BTreeMap;

use ledger_rules::civil::Day;
use scrutiny_proto::inspection::v1::FindingKind;
use scrutiny_proto::response::v1::ResponseType;

use super::fold::Event;
use super::past::{Past, due_view};
use super::rag::{self, Rag};
use super::view::{DueView, FindingView, Gap, RegisterView, Row, Totals};
use super::{Finding, FindingKey, Obligation, ObligationKey, Register, Report, finding_stream};
use crate::figure::movements;
use crate::{Projection as _, Standing, area};

/// What the due words of a finding mean.
type DueRead = (DueView, Option<Day>);

impl Register {
    /// The register on a day, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> RegisterView {
        self.view_of(as_of, at, None, None)
    }

    /// The same with the rows of one body only, or of one report (its name, without "report/"). Findings and
    /// totals are all there: they are the inspectorate's, not the body's.
    #[must_use]
    pub fn view_of(
        &self,
        as_of: Day,
        at: &Standing,
        body: Option<&str>,
        report: Option<&str>,
    ) -> RegisterView {
        let mut owed: BTreeMap<&FindingKey, usize> = BTreeMap::new();
        for (_, finding, _) in self.obligations.keys() {
            *owed.entry(finding).or_default() += 1;
        }
        let totals: Vec<_> = self.reports.iter().map(|(id, report)| self.totals(id, report)).collect();
        // The words of a finding mean the same for everybody who owes an answer to it.
        let due: BTreeMap<&FindingKey, DueRead> =
            self.findings.iter().map(|(key, finding)| (key, self.report_due(key, finding))).collect();
        let row = |(key, obligation): (&ObligationKey, _)| self.row(key, obligation, due.get(&key.1), as_of);
        let wanted = |(of_body, (of_report, _), _): &ObligationKey| {
            body.is_none_or(|body| body == of_body) && report.is_none_or(|report| report == of_report)
        };
        let kept = self.obligations.iter().filter(|(key, _)| wanted(key));
        let rows: Vec<_> = kept.map(row).collect();
        let colours = [Rag::Red, Rag::Amber, Rag::Green, Rag::Blue, Rag::Grey];
        RegisterView {
            provenance: Self::provenance(at),
            as_of: as_of.to_string(),
            complete: totals.iter().all(|t| t.warning.is_none()),
            totals,
            colours: colours.map(|colour| rows.iter().filter(|row| row.rag == colour).count()),
            findings: self.findings.iter().map(|(key, f)| self.finding_view(key, f, &owed)).collect(),
            rows,
        }
    }

    fn totals(&self, id: &str, report: &Report) -> Totals {
        let issued = |kind: FindingKind| {
            let of_kind = |(key, f): &(&FindingKey, &Finding)| key.0 == id && f.issued.kind() == kind;
            u32::try_from(self.findings.iter().filter(of_kind).count()).unwrap_or(u32::MAX)
        };
        let counted = |kind: FindingKind, expected: Option<u32>| Gap {
            kind: kind_name(kind),
            expected,
            issued: issued(kind),
        };
        let expected = report.expected.as_ref();
        let mut kinds = vec![
            counted(FindingKind::Recommendation, expected.map(|e| e.recommendations)),
            counted(FindingKind::AreaForImprovement, expected.map(|e| e.areas_for_improvement)),
            counted(FindingKind::CauseOfConcern, expected.map(|e| e.causes_of_concern)),
        ];
        kinds.retain(|gap| gap.issued > 0 || gap.expected.is_some_and(|e| e > 0));
        Totals {
            report: format!("report/{id}"),
            title: report.title.clone(),
            inspection: report.inspection,
            programme: report.programme.clone(),
            published_on: report.published_on.map(|day| day.to_string()),
            last_updated_on: report.last_updated_on.map(|day| day.to_string()),
            remarks: report.remarks.clone(),
            warning: gap_warning(&kinds, expected.is_some()),
            entries: self.counted(id, report),
            kinds,
        }
    }

    /// What the totals rest on: the report, and each finding as it was issued.
    fn counted(&self, id: &str, report: &Report) -> Vec<u64> {
        let issued = self.findings.iter().filter(|(key, _)| key.0 == id);
        let first = issued.filter_map(|(_, finding)| finding.entries.first().copied());
        report.entries.iter().copied().chain(first).collect()
    }

    fn finding_view(
        &self,
        key: &FindingKey,
        finding: &Finding,
        owed: &BTreeMap<&FindingKey, usize>,
    ) -> FindingView {
        let Finding { issued, aliases, figures, remarks, attested, entries } = finding;
        FindingView {
            finding: finding_stream(key),
            kind: kind_name(issued.kind()),
            title: issued.title.clone(),
            text: issued.text.clone(),
            theme: issued.theme.clone(),
            addressees: issued.addressees.clone(),
            aliases: aliases.clone(),
            due: self.report_due(key, finding).0,
            repeats: issued.repeats.clone(),
            figures: figures.clone(),
            movements: movements(figures),
            remarks: remarks.clone(),
            attested: *attested,
            obligations: owed.get(key).copied().unwrap_or_default(),
            last_entry: entries.last().copied().unwrap_or_default(),
            entries: entries.clone(),
        }
    }

    fn report_due(&self, key: &FindingKey, finding: &Finding) -> DueRead {
        let published = self.reports.get(&key.0).and_then(|report| report.published_on);
        due_view(&finding.issued.due_words, published)
    }

    fn row(
        &self,
        (body, key, limb): &ObligationKey,
        obligation: &Obligation,
        due: Option<&DueRead>,
        as_of: Day,
    ) -> Row {
        let nothing = Finding::default();
        let finding = self.findings.get(key).unwrap_or(&nothing);
        let past = Past::of(obligation, as_of);
        let (due, due_day, due_set_by) = match due.cloned().unwrap_or_default() {
            (view, None) => past.own_due().map_or((view, None, ""), |(view, day)| (view, Some(day), "body")),
            (view, Some(day)) => (view, Some(day), "report"),
        };
        let (rag, rag_reason) = rag::compute(&past.facts(due_day), as_of);
        let published = self.reports.get(&key.0).and_then(|report| report.published_on);
        let opened = published.or(obligation.created.first());
        let closed_on = past.closed.and_then(|(event, _)| event.happened.first());
        let called = finding.aliases.iter().filter(|a| area(&a.used_by) == area(body));
        let limbs = finding.issued.limbs.iter().find(|l| l.key == limb.as_str());
        let last = past.events.last();
        Row {
            obligation: obligation.stream.clone(),
            body: body.clone(),
            finding: finding_stream(key),
            kind: kind_name(finding.issued.kind()),
            title: finding.issued.title.clone(),
            labels: called.map(|a| a.label.clone()).collect(),
            limb: limb.as_str().to_owned(),
            limb_text: limbs.map_or_else(String::new, |l| l.text.clone()),
            strict_55_5b: obligation.strict_55_5b,
            due,
            due_set_by,
            owner_role: obligation.owner_role.clone(),
            oversight: past.oversight(obligation),
            response_type: past.answer.map(|(_, answer)| response_name(answer.r#type())),
            response_text: past.answer.map_or_else(String::new, |(_, answer)| answer.text.clone()),
            response_when: past.answer.map(|(event, _)| event.happened.view()),
            progress: past.progress(),
            rag,
            rag_reason,
            overdue: rag == Rag::Red && due_day.is_some_and(|day| day < as_of),
            rag_declared: past.declared(),
            force_status: past.force_status(),
            inspectorate_status: past.inspectorate_status(),
            closure: past.closure(),
            evidence: past.evidence(),
            claims_unevidenced: past.claims().filter(|claim| claim.evidence.is_empty()).count(),
            created: obligation.created.view(),
            history: past.history(),
            days_open: opened.map(|day| closed_on.unwrap_or(as_of).since(day)),
            last_signed_by: last.map(|event| event.signed_by.clone()).unwrap_or_default(),
            last_entry: last.map_or(obligation.created_entry, |event| event.entry),
            entries: std::iter::once(obligation.created_entry)
                .chain(past.events.iter().map(|e| e.entry))
                .collect(),
            suspect_entries: past.events.iter().filter(|e| self.is_suspect(e)).map(|e| e.entry).collect(),
        }
    }

    fn is_suspect(&self, event: &Event) -> bool {
        event.keys.iter().any(|key| self.compromised.get(key).is_some_and(|since| event.entry >= *since))
    }
}

fn gap_warning(kinds: &[Gap], is_stated: bool) -> Option<String> {
    if !is_stated {
        return Some(
            "the report's own totals are not on the ledger, so nothing can be counted against them"
                .to_owned(),
        );
    }
    let wrong = kinds.iter().filter(|gap| gap.expected != Some(gap.issued));
    let words: Vec<_> = wrong
        .map(|gap| format!("{} of {} ({})", gap.issued, gap.expected.unwrap_or_default(), gap.kind))
        .collect();
    (!words.is_empty()).then(|| format!("incomplete: {}", words.join(", ")))
}

fn kind_name(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Unspecified => "unknown",
        FindingKind::Recommendation => "recommendation",
        FindingKind::AreaForImprovement => "area for improvement",
        FindingKind::CauseOfConcern => "cause of concern",
        FindingKind::InnovativePractice => "innovative practice",
    }
}

fn response_name(kind: ResponseType) -> &'static str {
    match kind {
        ResponseType::Unspecified => "unknown",
        ResponseType::ActionTaken => "action taken",
        ResponseType::ActionProposed => "action proposed",
        ResponseType::NoAction => "no action",
        ResponseType::NotAddressed => "not addressed",
        ResponseType::Blanket => "blanket",
    }
}
