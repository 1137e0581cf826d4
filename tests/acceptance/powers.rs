//! What the scenarios about uses of force and searches share.

use serde_json::Value;

use crate::harness::Scene;

/// How records name the people of `demo/people.yaml`.
pub(super) const OFFICER: &str = "6967434b86e988fd952b83c3b3a1f0d0";
pub(super) const REVIEWER: &str = "c70f496ccc21af7cebae63a2a53fe860";
pub(super) const LEAD: &str = "tactical-lead as TL of cambridgeshire";
pub(super) const TUSERV: &str = "service-tuserv as SVC:tuserv of cambridgeshire";

/// A use of force, as the officers' application sends it.
pub(super) fn used(record: &str, officer: &str, unit: &str, tactic: &str, day: &str) -> String {
    format!(
        "kind: UseOfForceRecorded\nstream: uof/{record}\nsigned_by: {TUSERV}\noccurred: {day}\nimported: true\n\
         regime: part3\nbody: {{officer_pseudonym: {officer}, unit: {unit}, tactics: [{tactic}], \
         force_of_officer: cambridgeshire, source_system: TuServ}}"
    )
}

/// A review of a use of force, on a day.
pub(super) fn reviewed(level: &str, record: &str, signed_by: &str, day: &str, more: &str) -> String {
    format!(
        "kind: ReviewCompleted\nstream: review/{level}/uof/{record}\nsigned_by: {signed_by}\noccurred: {day}\n\
         imported: true\nbody: {{outcome: no_concern, saw_record: true{more}}}"
    )
}

impl Scene {
    /// Fixes a frame of all uses of force so far, lets something else happen, and draws.
    pub(super) fn sample(&self, name: &str, level: &str, filter: &[&str], n: &str) -> Vec<String> {
        let frame =
            ["sample", "frame", name, "--level", level, "--power", "force", "-n", n, "--by", LEAD, "--json"];
        let answer = self.run(frame.iter().chain(filter));
        assert_eq!(answer.code, 0, "{answer:?}");
        self.accept(
            "kind: ScrutinyFactRecorded\nstream: fact/cambridgeshire/training\n\
             signed_by: governance-officer as G&I of cambridgeshire\n\
             body: {fact: TrainingDelivered, text: Reviewers trained}",
        );
        let answer = self.run(["sample", "draw", name, "--by", LEAD, "--json"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        let shown = self.json(["sample", "show", name]);
        let records = shown[0]["drawn"]["records"].as_array().expect("it was drawn").clone();
        records.iter().map(|record| record["record"].as_str().expect("a stream").to_owned()).collect()
    }

    /// The counts of one level, of what happened in a month.
    pub(super) fn level(&self, level: &str, month: &str, as_of: &str) -> Value {
        let view = self.json(["reviews", "--month", month, "--level", level, "--as-of", as_of]);
        view["levels"][0].clone()
    }
}
