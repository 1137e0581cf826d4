//! An officer on another machine: signs there, hands in, and keeps what is signed until its receipt holds.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::services::Up;
use crate::harness::{Answer, Scene, copy_dir};

/// A machine with everybody's keys but the log's, and the log's public keys, which were given on paper.
fn officer() -> Scene {
    let scene = Scene::with_people();
    copy_dir(&scene.path("keys"), &scene.path("officer"));
    std::fs::remove_file(scene.path("officer/log.key")).expect("it is there");
    let policy = scene.run(["policy"]).stdout;
    std::fs::write(scene.path("officer/policy"), policy).expect("is written");
    scene
}

fn fact(n: u32) -> String {
    format!(
        "- kind: ScrutinyFactRecorded\n  stream: fact/cambridgeshire/training-{n}\n  \
         signed_by: governance-officer as G&I of cambridgeshire\n  \
         body: {{fact: TrainingDelivered, text: Course number {n} was delivered.}}\n"
    )
}

/// A body that one of two records: the order matters, so the version counts.
fn body(name: &str) -> String {
    format!(
        "- kind: BodyRegistered\n  stream: body/{name}\n  signed_by: first-registrar as KA of ledger-office\n  \
         body: {{name: A body, level: external}}\n"
    )
}

fn write(scene: &Scene, name: &str, text: &str) {
    std::fs::write(scene.path(name), text).expect("is written");
}

fn record(scene: &Scene, file: &str, more: &[&str]) -> Answer {
    let args = ["-K", "officer", "record", file, "--to", "ledger", "--json"];
    scene.run(args.iter().chain(more).copied().collect::<Vec<_>>())
}

fn outbox(scene: &Scene) -> Vec<Value> {
    scene.json(["-K", "officer", "outbox", "list"]).as_array().expect("a list").clone()
}

fn entries_of(scene: &Scene, stream: &str) -> usize {
    let shown = scene.run(["show", stream, "--json"]);
    if shown.code == 5 { 0 } else { shown.result().as_array().map_or(1, Vec::len) }
}

#[test]
fn a_decision_signed_elsewhere_is_recorded_and_its_receipt_proved() {
    let scene = officer();
    let up = Up::start(&scene, &[]);
    let before = scene.size();
    write(&scene, "three.yaml", &[fact(1), body("a-new-one"), fact(2)].concat());
    let answer = record(&scene, "three.yaml", &[]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let receipts = answer.result();
    for (n, receipt) in (before..).zip(receipts.as_array().expect("a list")) {
        assert_eq!((receipt["index"].as_u64(), &receipt["state"]), (Some(n), &"published".into()));
    }
    assert!(outbox(&scene).is_empty(), "what is proved is forgotten");
    write(&scene, "one.tlog-proof", receipts[0]["proof"].as_str().expect("a proof"));
    // The proof is the one that the ledger gives to anybody.
    scene.json(["prove", &before.to_string()]);
    let own = std::fs::read_to_string(scene.path(&format!("{before}.tlog-proof"))).expect("is written");
    let tail = |text: &str| {
        text.lines().skip_while(|l| !l.starts_with("index")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(tail(receipts[0]["proof"].as_str().expect("a proof")), tail(&own));
    assert_eq!(up.stop().0, 0);
    assert_eq!(scene.size(), before + 3);
}

#[test]
fn with_nobody_there_what_is_signed_is_kept_and_delivered_later_exactly_once() {
    let scene = officer();
    let before = scene.size();
    write(&scene, "two.yaml", &[body("first"), body("second")].concat());
    let answer = record(&scene, "two.yaml", &[]);
    assert_eq!(answer.code, 9, "{answer:?}");
    assert!(answer.error().contains("nobody answers"), "{answer:?}");
    assert!(answer.error().contains("scrutiny outbox retry"), "{answer:?}");
    let kept = outbox(&scene);
    assert_eq!(kept.len(), 2);
    assert_eq!((&kept[0]["stream"], &kept[1]["stream"]), (&"body/first".into(), &"body/second".into()));

    // The same file again would say everything twice.
    let again = record(&scene, "two.yaml", &[]);
    assert_eq!(again.code, 7, "{again:?}");
    assert!(again.error().contains("waits in the outbox already"), "{again:?}");
    assert_eq!(scene.run(["-K", "officer", "outbox", "retry"]).code, 9, "still nobody there");
    assert_eq!(outbox(&scene).len(), 2);

    let up = Up::start(&scene, &[]);
    let delivered = scene.run(["-K", "officer", "outbox", "retry", "--json"]);
    assert_eq!(delivered.code, 0, "{delivered:?}");
    assert_eq!(delivered.result().as_array().expect("a list").len(), 2);
    let nothing = scene.run(["-K", "officer", "outbox", "retry"]);
    assert_eq!((nothing.code, nothing.stdout.trim()), (0, "Nothing waits."));
    let resumed = record(&scene, "two.yaml", &["--resume"]);
    assert_eq!((resumed.code, resumed.result().as_array().map(Vec::len)), (0, Some(0)), "{resumed:?}");
    assert_eq!(up.stop().0, 0);
    assert_eq!(scene.size(), before + 2);
}

#[test]
fn what_waits_goes_before_what_is_new() {
    let scene = officer();
    write(&scene, "first.yaml", &body("parent"));
    let child = body("child").replace("level: external", "level: external, part_of: parent");
    write(&scene, "then.yaml", &child);
    assert_eq!(record(&scene, "first.yaml", &[]).code, 9);
    let up = Up::start(&scene, &[]);
    let answer = record(&scene, "then.yaml", &[]);
    assert_eq!(answer.code, 0, "the child's parent is recorded by then: {answer:?}");
    assert_eq!(answer.result().as_array().expect("a list").len(), 2);
    assert_eq!(up.stop().0, 0);
}

#[test]
fn a_refusal_says_its_rule_is_kept_by_the_recorder_and_waits_to_be_dropped() {
    let scene = officer();
    let up = Up::start(&scene, &[]);
    let stranger = fact(1).replace("G&I of cambridgeshire", "CC of cambridgeshire");
    write(&scene, "stranger.yaml", &[fact(7), stranger, fact(8)].concat());
    let answer = record(&scene, "stranger.yaml", &[]);
    assert_eq!(answer.code, 6, "{answer:?}");
    assert!(
        answer.error().contains(
            "line 5: ScrutinyFactRecorded in fact/cambridgeshire/training-1: refused, ROLE-NOT-HELD"
        ),
        "{answer:?}"
    );
    assert_eq!(answer.result().as_array().expect("a list").len(), 1, "what stood before it is recorded");

    write(&scene, "late.yaml", &body("cambridgeshire").replace("  body:", "  expected: 0\n  body:"));
    let late = record(&scene, "late.yaml", &[]);
    assert_eq!(late.code, 7, "{late:?}");
    assert!(late.error().contains("refused, VERSION"), "{late:?}");

    let kept = outbox(&scene);
    assert_eq!(kept.len(), 2);
    assert!(kept[0]["refused"].as_str().is_some_and(|why| why.starts_with("ROLE-NOT-HELD: ")), "{kept:?}");
    for refused in &kept {
        let id = refused["id"].as_str().expect("an id");
        assert_eq!(scene.run(["-K", "officer", "outbox", "drop", id]).code, 0);
    }
    assert!(outbox(&scene).is_empty());
    assert_eq!(up.stop().0, 0);
    let codes: Vec<String> = scene
        .json(["refusals"])
        .as_array()
        .expect("a list")
        .iter()
        .map(|refusal| refusal["code"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(codes, ["ROLE-NOT-HELD", "VERSION"], "each is kept, once");
}

#[test]
fn a_receipt_of_another_log_convinces_nobody() {
    let scene = officer();
    let up = Up::start(&scene, &[]);
    let other = Scene::empty();
    assert_eq!(other.run(["init", "--origin", "scrutiny.example/demo", "--body", "x"]).code, 0);
    write(&scene, "officer/policy", &other.run(["policy"]).stdout);
    write(&scene, "one.yaml", &fact(1));
    let answer = record(&scene, "one.yaml", &[]);
    // The log's name with keys that nobody here knows: another log, or this one after it rotated its keys.
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(
        answer.error().contains("that this policy does not name; if the log rotated its keys"),
        "{answer:?}"
    );
    assert_eq!(outbox(&scene).len(), 1, "it is recorded, and as far as anybody here knows it is not");
    assert_eq!(up.stop().0, 0);
}

#[test]
fn without_the_logs_keys_nothing_is_sent() {
    let scene = officer();
    std::fs::remove_file(scene.path("officer/policy")).expect("it is there");
    write(&scene, "one.yaml", &fact(1));
    let answer = scene.run(["-K", "officer", "record", "one.yaml", "--to", "nats://127.0.0.1:1"]);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(answer.stderr.contains("officer/policy"), "{answer:?}");
}

/// Kills the command as soon as the statement is in the outbox, or a little later: while it is sent, while it is
/// recorded, while its receipt is checked.
#[test]
fn killed_at_any_moment_a_statement_is_delivered_exactly_once() {
    let scene = officer();
    let up = Up::start(&scene, &[]);
    for n in 0..8_u32 {
        write(&scene, "one.yaml", &fact(100 + n));
        let mut child = start(&scene, &["-K", "officer", "record", "one.yaml", "--to", "ledger"]);
        let until = Instant::now() + Duration::from_secs(20);
        while kept_files(&scene) == 0 && child.try_wait().expect("it is ours").is_none() {
            assert!(Instant::now() < until, "nothing is ever kept");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(u64::from(n * n)));
        child.kill().expect("it runs, or has ended");
        child.wait().expect("it ends");
        let retried = scene.run(["-K", "officer", "outbox", "retry"]);
        assert_eq!(retried.code, 0, "{retried:?}");
        assert_eq!(kept_files(&scene), 0);
    }
    assert_eq!(up.stop().0, 0);
    for n in 0..8 {
        assert_eq!(entries_of(&scene, &format!("fact/cambridgeshire/training-{}", 100 + n)), 1);
    }
}

fn start(scene: &Scene, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_scrutiny"))
        .args(args)
        .current_dir(scene.path(""))
        .env_remove("SCRUTINY_LEDGER")
        .env_remove("SCRUTINY_KEYS")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// Statements in the outbox, without asking the program.
fn kept_files(scene: &Scene) -> usize {
    let listing = std::fs::read_dir(scene.path("officer/outbox"));
    let is_kept = |name: &str| name.starts_with('0') && name.ends_with(".json");
    listing.map_or(0, |files| files.flatten().filter(|f| is_kept(&f.file_name().to_string_lossy())).count())
}

/// Over a real broker: the same journey, and the broker is killed between two decisions.
#[test]
fn a_broker_that_dies_and_comes_back_costs_an_officer_nothing_but_time() {
    let Some(mut server) = brokers::Server::start() else { return };
    let scene = officer();
    let url = server.url().to_owned();
    let made = scene.run(["bus", "provision", "broker", "--force", "ledger-office", "--to", &url]);
    assert_eq!(made.code, 0, "{made:?}");
    let up = Up::start(&scene, &["--nats", &url]);
    let before = scene.size();
    let hand_in = |n: u32| {
        write(&scene, "one.yaml", &fact(n));
        scene.run(["-K", "officer", "record", "one.yaml", "--to", &url, "--json"])
    };
    let first = hand_in(1);
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(first.result()[0]["index"].as_u64(), Some(before));

    server.kill();
    let second = hand_in(2);
    assert_eq!(second.code, 9, "{second:?}");
    assert!(second.error().contains("nobody answers at nats://"), "{second:?}");
    assert_eq!(outbox(&scene).len(), 1);

    server.start_again();
    let third = hand_in(3);
    assert_eq!(third.code, 0, "what waited goes first: {third:?}");
    let indexes: Vec<_> =
        third.result().as_array().expect("a list").iter().map(|r| r["index"].as_u64()).collect();
    assert_eq!(indexes, [Some(before + 1), Some(before + 2)]);
    assert!(outbox(&scene).is_empty());
    assert_eq!(up.stop().0, 0);
    assert_eq!(scene.size(), before + 3);
}
