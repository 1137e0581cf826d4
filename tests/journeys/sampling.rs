//! What a tactical lead does for the month's review group: fixes what the sample is drawn from, waits for a seed that
//! nobody chose, draws; and what somebody does who doubts it.

use std::fs;

use serde_json::Value;

use crate::harness::{Answer, Scene, root};

const MONTH: &str = "2024-04-cambridgeshire-stop-and-search.csv";
const LEAD: &str = "tactical-lead as TL of cambridgeshire";

impl Scene {
    fn with_a_month() -> Self {
        let scene = Self::with_people();
        let file = root().join("demo/data").join(MONTH);
        let answer = scene.run(["import", "stop-search", file.to_str().expect("a path in UTF-8"), "--quiet"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        scene
    }

    fn frame(&self, name: &str, more: &[&str]) -> Answer {
        let all = ["sample", "frame", name, "--level", "rgrg", "-n", "10", "--by", LEAD, "--json"];
        self.run(all.iter().chain(more))
    }

    fn draw(&self, name: &str) -> Answer {
        self.run(["sample", "draw", name, "--by", LEAD, "--json"])
    }

    fn drawn(&self, name: &str) -> Vec<String> {
        let shown = self.json(["sample", "show", name]);
        let records = shown[0]["drawn"]["records"].as_array().expect("it was drawn").clone();
        records.iter().map(|r| r["record"].as_str().expect("a stream").to_owned()).collect()
    }

    /// Something that has nothing to do with the sample.
    fn something_else_happens(&self) {
        self.accept(&format!(
            "{{kind: ScrutinyFactRecorded, stream: fact/cambridgeshire/training, \
             signed_by: governance-officer as G&I of cambridgeshire, \
             body: {{fact: TrainingDelivered, text: \"Reviewers trained, session {}.\"}}}}",
            self.size()
        ));
    }
}

#[test]
fn a_sample_is_committed_to_before_its_seed_exists_and_anybody_can_repeat_it() {
    let scene = Scene::with_a_month();
    let none = scene.run(["sample", "show"]);
    assert!(none.stdout.contains("No sample was drawn yet."), "{none:?}");

    let frame = scene.frame("rgrg-2024-04", &["--month", "2024-04", "--where", "object=Controlled drugs"]);
    assert_eq!(frame.code, 0, "{frame:?}");
    let frame = frame.result();
    let size = frame["frame"]["frame_size"].as_u64().expect("a size");
    let text =
        fs::read_to_string(root().join("demo/data").join(MONTH)).expect("the project carries one month");
    assert_eq!(size, text.matches(",Controlled drugs,").count() as u64, "as a spreadsheet would count them");

    let early = scene.draw("rgrg-2024-04");
    assert!(early.code == 4 && early.error().contains("the seed does not exist yet"), "{early:?}");
    scene.something_else_happens();
    let drawn = scene.draw("rgrg-2024-04");
    assert_eq!(drawn.code, 0, "{drawn:?}");
    let records = scene.drawn("rgrg-2024-04");
    assert_eq!(records.len(), 10);
    assert!(records.iter().all(|record| record.starts_with("search/7b8bb2f318d0435a-")), "{records:?}");
    let again = scene.draw("rgrg-2024-04");
    assert!(again.code == 7 && again.error().contains("nobody draws again"), "{again:?}");

    // Somebody who was given an export, without a key, repeats it; so does somebody long after.
    scene.something_else_happens();
    let here = scene.json(["sample", "check", "rgrg-2024-04"]);
    let vkey = scene.json(["export", "ledger", "copy"])["vkeys"][0].clone();
    let there = scene.json(["sample", "check", "rgrg-2024-04", "copy"]);
    assert_eq!((&here, &here["same"]), (&there, &Value::Bool(true)));
    let entry = here["drawn_entry"].as_u64().expect("an entry");
    let then = scene.json(["sample", "check", "rgrg-2024-04", "copy", "--at", &(entry + 1).to_string()]);
    assert_eq!(then, here, "as the ledger was when it was drawn");
    let before = scene.run(["sample", "check", "rgrg-2024-04", "copy", "--at", &entry.to_string()]);
    assert!(before.code == 4 && before.stderr.contains("is not drawn yet among the first"), "{before:?}");
    assert_eq!(
        scene.json(["verify", "copy", "--vkey", vkey.as_str().expect("a vkey")])["verdict"]["state"],
        "clean"
    );
}

#[test]
fn two_months_that_were_tampered_with_do_not_pass() {
    let scene = Scene::with_a_month();
    assert_eq!(scene.frame("honest", &["--month", "2024-04"]).code, 0);
    scene.something_else_happens();
    assert_eq!(scene.draw("honest").code, 0);
    let honest = scene.drawn("honest");

    // The frame is right, the positions are right, and one record is another than stands at its position.
    assert_eq!(scene.frame("picked", &["--month", "2024-04"]).code, 0);
    scene.something_else_happens();
    let seed = seed_behind(&scene, "picked");
    let root = seed["root"].as_str().expect("a root").to_owned();
    let streams: Vec<String> = (1..=197).map(|n| format!("search/7b8bb2f318d0435a-{n}")).collect();
    let hash = |hex: &str| {
        let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal digits");
        ledger_core::hash::Hash(std::array::from_fn(byte))
    };
    let digest = ledger_sample::frame_digest(streams.iter().map(String::as_str));
    let positions = ledger_sample::draw(&hash(&root), &digest, 197, 10).expect("ten of 197");
    let wanted = honest.iter().find(|record| {
        !positions.iter().any(|at| streams[usize::try_from(*at).expect("a place")] == **record)
    });
    let record = |n: usize, at: u64| match wanted {
        Some(wanted) if n == 3 => wanted.clone(),
        _ => streams[usize::try_from(at).expect("a place")].clone(),
    };
    let drawn: Vec<String> = positions
        .iter()
        .enumerate()
        .map(|(n, at)| format!("{{position: {at}, record: {}}}", record(n, *at)))
        .collect();
    scene.accept(&format!(
        "{{kind: SampleDrawn, stream: sample/picked, signed_by: {LEAD}, body: {{checkpoint_size: {}, root: {root}, \
         drawn: [{}]}}}}",
        seed["size"],
        drawn.join(", ")
    ));
    let check = scene.run(["sample", "check", "picked", "--json"]);
    assert_eq!(check.code, 3, "{check:?}");
    let problems = check.result()["problems"].to_string();
    assert!(problems.contains("in place 4, frame and seed give"), "{problems}");
    assert_eq!(scene.json(["sample", "check", "honest"])["same"], true);
    // Nobody has to suspect that very sample: whoever verifies the record finds it.
    let verified = scene.run(["verify", "--json"]);
    assert_eq!(verified.code, 3, "{verified:?}");
    let findings = verified.result()["findings"].clone();
    assert_eq!(findings.as_array().map(Vec::len), Some(1), "{findings}");
    assert_eq!((&findings[0]["code"], &findings[0]["about"]), (&"SAMPLE".into(), &"sample/picked".into()));
}

/// A root is 32 bytes of anybody's choice, and a lead could try roots until the sample suits: the rules keep no roots of
/// earlier trees. The recorder, which does, once took such a draw.
#[test]
fn a_seed_that_was_chosen_is_refused() {
    let scene = Scene::with_a_month();
    let frame = scene.frame("wanted", &["--month", "2024-04"]).result();
    scene.something_else_happens();
    let streams: Vec<String> = (1..=197).map(|n| format!("search/7b8bb2f318d0435a-{n}")).collect();
    let digest = ledger_sample::frame_digest(streams.iter().map(String::as_str));
    let (root, positions) = (0_u64..)
        .map(|attempt| ledger_core::hash::Hash::of(&attempt.to_be_bytes()))
        .map(|root| (root, ledger_sample::draw(&root, &digest, 197, 10).expect("ten of 197")))
        .find(|(_, positions)| positions[0] == 41)
        .expect("one attempt in 197 will do");
    let drawn: Vec<String> = positions
        .iter()
        .map(|at| format!("{{position: {at}, record: {}}}", streams[usize::try_from(*at).expect("a place")]))
        .collect();
    let draw = format!(
        "{{kind: SampleDrawn, stream: sample/wanted, signed_by: {LEAD}, body: {{checkpoint_size: {}, root: {}, \
         drawn: [{}]}}}}",
        frame["entry"].as_u64().expect("an entry") + 2,
        root.to_hex(),
        drawn.join(", ")
    );
    scene.refuse("INV-17", &draw);
    assert_eq!(scene.draw("wanted").code, 0, "the honest draw is still open");
}

/// What anybody can compute who waits for the seed: by a second sample that is drawn honestly from the same place.
fn seed_behind(scene: &Scene, name: &str) -> Value {
    let frame = scene.json(["sample", "show", name]);
    let at = frame[0]["frame_entry"].as_u64().expect("an entry");
    let size = at + 2;
    let folder = format!("seed-{name}");
    scene.json(["export", "ledger", &folder]);
    let note = fs::read_to_string(scene.path(&folder).join("checkpoints").join(size.to_string()))
        .expect("a checkpoint over one more entry");
    let root = note.lines().nth(2).expect("the root");
    let root = ledger_core::hash::Hash::from_base64(root).expect("the root").to_hex();
    serde_json::json!({ "root": root, "size": size })
}

#[test]
fn what_cannot_be_drawn_is_refused_before_anything_is_recorded() {
    let scene = Scene::with_a_month();
    let before = scene.size();
    let refused = |args: &[&str], code: i32, says: &str| {
        let answer = scene.run(["sample"].iter().chain(args));
        assert_eq!(answer.code, code, "{args:?}: {answer:?}");
        assert!(answer.stderr.contains(says), "{args:?}: {answer:?}");
    };
    let frame = |more: &[&str], code, says: &str| {
        let all = ["frame", "x", "--level", "rgrg", "--by", LEAD];
        refused(&[&all[..], more].concat(), code, says);
    };
    frame(&["-n", "198"], 2, "198 cannot be drawn from 197");
    frame(&["-n", "0"], 2, "a sample has one record at least");
    frame(&["-n", "1", "--month", "2024-07"], 5, "no record fits: searches of 2024-07");
    frame(&["-n", "1", "--month", "April"], 2, "a month is written 2024-04");
    frame(&["-n", "1", "--where", "colour=red"], 2, "a frame cannot ask for \"colour\"");
    frame(&["-n", "1", "--where", "gender"], 2, "--where reads");
    frame(&["-n", "1", "--source", "source/0000000000000000"], 5, "no record fits");
    refused(&["draw", "x", "--by", LEAD], 5, "no sample \"x\"");
    refused(&["check", "x"], 5, "no sample \"x\"");
    refused(&["show", "x"], 5, "no sample \"x\"");
    let dry = scene.frame("x", &["--month", "2024-04", "--dry-run"]);
    assert!(dry.code == 0 && dry.stdout.contains("would_commit"), "{dry:?}");
    assert_eq!(scene.size(), before, "nothing was recorded");
}

/// The demonstration is what most people see first: every act of it, on a machine that has nothing but the program.
#[test]
fn the_demonstration_goes_from_the_first_key_to_a_submission_that_is_checked() {
    let scene = Scene::empty();
    let demo = scene.run(["demo"]);
    assert_eq!(demo.code, 0, "{demo:?}");
    for says in [
        "197 rows read: 197 added, 0 already there.",
        "commits sample/rgrg-2024-04 to 5 of 119 searches of 2024-04",
        "frame, seed and every record drawn are the same",
        "files are the same, byte for byte",
        "Counted, level=rgrg: 2",
        "Nothing was found to be wrong.",
    ] {
        assert!(demo.stdout.contains(says), "{says}: {demo:?}");
    }
    let again = scene.run(["demo"]);
    assert!(again.code == 7 && again.stderr.contains("is there already"), "{again:?}");
}

/// A lead who frames again and again draws the sample whose seed suits. Each frame stays on the record.
#[test]
fn a_frame_that_nobody_drew_for_another_is_told_to_whoever_verifies() {
    let scene = Scene::with_a_month();
    assert_eq!(scene.frame("first", &["--month", "2024-04"]).code, 0);
    scene.something_else_happens();
    assert_eq!(scene.json(["verify"])["finding_counts"], serde_json::json!({}), "it may still be drawn");
    assert_eq!(scene.frame("second", &["--month", "2024-04"]).code, 0);
    scene.something_else_happens();
    assert_eq!(scene.draw("second").code, 0);
    let verified = scene.json(["verify"]);
    assert_eq!(verified["verdict"]["state"], "clean");
    let note = &verified["findings"][0];
    assert_eq!((&note["severity"], &note["about"]), (&"note".into(), &"sample/first".into()), "{verified}");
    let sentence = note["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("nobody drew it, and sample/second was framed"), "{sentence}");
}
