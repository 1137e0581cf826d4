//! AS-12: the recap of October 2023. Its two kinds of handcuffing come to 593 where it states 581: an issue with the
//! data, by 12. The current ones reconcile; 487 of 854 are 57.0 %, and 46 of 50 sampled are 92.0 %.

use std::fs;

use crate::harness::Scene;

const RECAP: &str = "Tactic,Previous,Current\r\n\
    \"Handcuffing, of which\",581,533\r\n\
    Compliant handcuffing,339,311\r\n\
    Non-compliant handcuffing,254,222\r\n";

fn metric(name: &str, measures: &str, count: u64, population: u64) -> String {
    format!(
        "{{kind: MetricReported, stream: metric/cambridgeshire/{name}, occurred: 2023-10, imported: true, \
         signed_by: analyst as AN of cambridgeshire, body: {{measures: {measures}, \
         figure: {{count: {count}, population: {population}, polarity: positive}}, period_words: October 2023}}}}"
    )
}

#[test]
fn a_total_that_its_parts_do_not_come_to_becomes_an_issue_with_the_difference() {
    let scene = Scene::with_people();
    fs::write(scene.path("recap-2023-10.csv"), RECAP).expect("a file can be written");
    let import = ["import", "use-of-force", "recap-2023-10.csv", "--force", "cambridgeshire"];
    let imported = scene.json(import);
    assert_eq!((&imported["totals_compared"], &imported["totals_that_differ"]), (&2.into(), &1.into()));

    // The issue is the system's own finding, recorded under a signature, with both numbers.
    let issues = issues(&scene);
    assert_eq!(issues.len(), 1, "311 + 222 = 533 reconciles: {issues:?}");
    assert_eq!((&issues[0]["difference"], &issues[0]["state"]), (&(-12).into(), &"raised".into()));
    let sum = issues[0]["sum"].as_str().expect("text");
    assert!(sum.starts_with("581 stated") && sum.contains("339") && sum.ends_with("= 593"), "{sum}");
    scene.json(import);
    assert_eq!(self::issues(&scene).len(), 1, "the same file raises nothing twice");
    let same = "{kind: DataQualityIssueRecorded, stream: quality/cambridgeshire/recap-current, \
                signed_by: analyst as AN of cambridgeshire, body: {step: raised, dataset: recap, text: no issue, \
                sum: {stated: 533, computed: 533, parts: 311 + 222}}}";
    scene.refuse("QUALITY", same);

    scene.accept(&metric("compliant", "uses of force with compliant handcuffing", 487, 854));
    scene.accept(&metric("dip-sample", "dip sample found good", 46, 50));
    let view = scene.json(["figures", "--as-of", "2023-11-30"]);
    let percent = |name: &str| {
        let all = view["series"].as_array().expect("a list");
        let found = all.iter().find(|one| one["metric"] == format!("metric/cambridgeshire/{name}"));
        found.expect("a series")["points"][0]["figure"]["percent"].clone()
    };
    assert_eq!((percent("compliant"), percent("dip-sample")), ("57.0".into(), "92.0".into()));
}

fn issues(scene: &Scene) -> Vec<serde_json::Value> {
    let view = scene.json(["dataset", "issues"]);
    view["issues"].as_array().expect("a list").clone()
}
