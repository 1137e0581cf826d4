//! AS-13: of a sample of 100 records 91 are reasonable: 91.0 % (83.8-95.2), as recorded. Of another hundred three are
//! unclear: they are shown, and the denominator is 97.

use std::fmt::Write as _;

use serde_json::Value;

use crate::harness::{Scene, root};

const MONTH: &str = "2024-04-cambridgeshire-stop-and-search.csv";
const LEAD: &str = "tactical-lead as TL of cambridgeshire";
const PSEUDONYM: &str = "c70f496ccc21af7cebae63a2a53fe860";

/// A sample of a hundred searches of April 2024 at a level, reviewed.
fn reviewed(scene: &Scene, level: &str, by: &str, grounds: impl Fn(usize) -> &'static str) {
    let name = format!("{level}-2024-04");
    let frame = ["sample", "frame", &name, "--level", level, "--month", "2024-04", "-n", "100", "--by", LEAD];
    assert_eq!(scene.run(frame).code, 0);
    // Whatever is recorded next brings the seed.
    scene.accept(&format!(
        "{{kind: ScrutinyFactRecorded, stream: fact/cambridgeshire/training-{level}, \
         signed_by: governance-officer as G&I of cambridgeshire, body: {{fact: TrainingDelivered, text: Reviewers trained}}}}"
    ));
    assert_eq!(scene.run(["sample", "draw", &name, "--by", LEAD]).code, 0);
    let shown = scene.json(["sample", "show", &name]);
    let drawn = shown[0]["drawn"]["records"].as_array().expect("it was drawn");
    assert_eq!(drawn.len(), 100);
    let mut all = String::new();
    for (n, record) in drawn.iter().enumerate() {
        let record = record["record"].as_str().expect("a stream");
        let _ = write!(
            all,
            "- {{kind: ReviewAssigned, stream: review/{level}/{record}, signed_by: {LEAD}, \
             body: {{reviewer_pseudonym: {PSEUDONYM}}}}}\n\
             - {{kind: ReviewCompleted, stream: review/{level}/{record}, signed_by: {by}, \
             body: {{outcome: no_concern, saw_record: true, grounds: {}, sample: sample/{name}}}}}\n",
            grounds(n)
        );
    }
    scene.accept(&all);
}

fn cell(scene: &Scene, level: &str) -> (Value, Value) {
    let view = scene.json([
        "dataset",
        "show",
        "--period",
        "2024-04",
        "--measure",
        "reasonable-grounds",
        "--by",
        "level",
    ]);
    let measure = view["measures"][0].clone();
    let name = format!("level={level}");
    let cell = measure["cells"].as_array().expect("a list").iter().find(|c| c["name"] == *name).cloned();
    (measure, cell.unwrap_or_else(|| panic!("no {name}")))
}

#[test]
fn ninety_one_of_a_hundred_with_its_interval_and_unclear_ones_in_no_denominator() {
    let scene = Scene::with_people();
    let file = root().join("demo/data").join(MONTH);
    let answer = scene.run(["import", "stop-search", file.to_str().expect("a path in UTF-8"), "--quiet"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let reviewer = "group-reviewer as REV of cambridgeshire";

    reviewed(&scene, "rgrg", reviewer, |n| if n < 91 { "reasonable" } else { "not_reasonable" });
    let (measure, found) = cell(&scene, "rgrg");
    assert_eq!((&found["numerator"], &found["denominator"]), (&91.into(), &100.into()));
    assert_eq!((&found["percent"], &found["unknown"]), (&"91.0".into(), &0.into()));
    assert_eq!(found["wilson_95"], serde_json::json!(["83.8", "95.2"]));
    assert!(measure["title"].as_str().expect("text").contains("as recorded"), "{measure}");
    assert!(
        measure["caveat"].as_str().expect("text").starts_with("As recorded"),
        "it travels with the figure"
    );

    reviewed(&scene, "irg", reviewer, |n| match n {
        0..3 => "unclear",
        3..10 => "not_reasonable",
        _ => "reasonable",
    });
    let (_, found) = cell(&scene, "irg");
    assert_eq!((&found["numerator"], &found["denominator"]), (&90.into(), &97.into()));
    assert_eq!((&found["percent"], &found["unknown"]), (&"92.8".into(), &3.into()));

    // What stands behind: each search with the review that judged it, and the unclear ones apart.
    let behind = scene.json(["explain", "dataset/cambridgeshire/2024-04/reasonable-grounds/level=irg"]);
    let lengths: Vec<_> = behind["grounds"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|ground| ground["entries"].as_array().expect("a list").len())
        .collect();
    assert_eq!(lengths, [180, 14, 6]);
}
