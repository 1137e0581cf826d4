//! The hub over forces that are well, away, lacking, restored from a backup, or in two histories.

#[allow(dead_code, reason = "each test file needs a part of the scene")]
mod scene;

use std::time::Duration;

use hub::{ForceReport, State, evidence};
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_core::wire::Head;
use scene::{Hub, Line, Place, copy, pin, signer_from};
use tempfile::TempDir;

const FORCES: [&str; 2] = ["cambridgeshire", "cumbria"];

fn dir() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

fn holds(size: u64) -> impl Fn(&ForceReport) -> bool {
    move |force| {
        force.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.size == size && checkpoint.held)
    }
}

/// Cambridgeshire's first history, and another one from its twelfth fact on, both signed by its log.
async fn two_histories(dir: &TempDir, second_has: u64) -> (Place, Place) {
    let mut first = Place::founded(dir, "cambridgeshire", 11).await;
    first.stop().await;
    let copied = dir.path().join("ledgers").join("copied");
    copy(&first.ledger, &copied);
    first.start().await;
    first.facts(12..31).await;
    let mut second = Place::at("cambridgeshire", copied).await;
    second.start().await;
    second.facts(100..100 + second_has).await;
    (first, second)
}

/// What is kept can be checked by somebody who knows nothing else.
async fn evidence_holds(hub: &Hub, force: &ForceReport) {
    let file = force.evidence.clone().expect("there is evidence");
    let text = std::fs::read_to_string(&file).expect("it is kept");
    let fork = evidence::read(&text).expect("it proves what it says");
    assert_eq!(fork.sentence(), force.why, "{text}");
    assert_eq!(hub.evidence(&force.force).await.as_deref(), Some(text.as_str()));
    let same = text.replace(&fork.smaller.root.to_string(), &fork.larger.root.to_string());
    assert!(evidence::read(&same).is_err(), "a note with another root is not signed");
}

#[tokio::test(flavor = "multi_thread")]
async fn ledgers_are_held_side_by_side_and_each_says_where_it_stands() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let first = Place::founded(&dir, FORCES[0], 5).await;
    let second = Place::founded(&dir, FORCES[1], 9).await;
    let _lines: Vec<Line> = vec![first.line(&bus).await, second.line(&bus).await];
    pin(dir.path(), &FORCES[..1]);
    let hub = Hub::start(&bus, dir.path(), &FORCES, &[]);
    let (one, other) = (first.head().await.expect("a head"), second.head().await.expect("a head"));
    let seen = hub.sees(FORCES[0], |f| f.state == State::Ok && holds(one.size.0)(f)).await;
    assert_eq!((seen.held, seen.root, seen.head), (one.size.0, one.root.to_string(), Some(one.size.0)));
    let seen = hub.sees(FORCES[1], |f| f.state == State::NotPinned && holds(other.size.0)(f)).await;
    assert!(seen.what_to_do.contains("scrutiny policy"), "{seen:?}");
    first.facts(6..40).await;
    let grown = hub.sees(FORCES[0], holds(one.size.0 + 34)).await;
    let checkpoint = grown.checkpoint.expect("a checkpoint");
    assert!(checkpoint.consistent >= 1, "{checkpoint:?}");
    // A mirror is a plain ledger folder, read beside the hub that writes it.
    let reader = ledger_store::Reader::open(&hub.mirror_of(FORCES[0])).expect("it opens beside the hub");
    assert_eq!(reader.size().0, one.size.0 + 34);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_history_in_the_recorders_own_word_is_a_fork_and_stays_one() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let (first, second) = two_histories(&dir, 3).await;
    let other = Place::founded(&dir, FORCES[1], 2).await;
    let _other = other.line(&bus).await;
    let line = first.line(&bus).await;
    pin(dir.path(), &FORCES);
    let hub = Hub::start(&bus, dir.path(), &FORCES, &[]);
    let size = first.head().await.expect("a head").size.0;
    hub.sees(FORCES[0], holds(size)).await;
    // The stream stays; somebody else answers.
    drop(line);
    let _line = Line(vec![second.questions_from(&bus).await]);
    let seen = hub.sees_state(FORCES[0], State::Fork).await;
    evidence_holds(&hub, &seen).await;
    assert_eq!(hub.report().await.expect("a report").worst(), State::Fork);
    // The others go on.
    other.facts(3..20).await;
    let all = other.head().await.expect("a head").size.0;
    hub.sees(FORCES[1], |f| f.state == State::Ok && holds(all)(f)).await;
    // Nothing lifts it: neither the first history nor a restart.
    drop(_line);
    let _line = first.line(&bus).await;
    hub.stop().await;
    let hub = Hub::start(&bus, dir.path(), &FORCES, &[]);
    let again = hub.sees_state(FORCES[0], State::Fork).await;
    assert_eq!(again.evidence, seen.evidence);
    assert_eq!(again.held, size, "what it had it keeps");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_history_in_the_sealed_stream_is_a_fork() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let (first, second) = two_histories(&dir, 3).await;
    let line = first.line(&bus).await;
    pin(dir.path(), &FORCES);
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    hub.sees(FORCES[0], holds(first.head().await.expect("a head").size.0)).await;
    // The first recorder goes on answering; the stream is the second's.
    drop(line);
    let _line = Line(vec![first.questions_from(&bus).await, second.sealed_to(&bus).await]);
    let seen = hub.sees_state(FORCES[0], State::Fork).await;
    evidence_holds(&hub, &seen).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_history_that_is_longer_in_stream_and_word_is_a_fork() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let (first, second) = two_histories(&dir, 150).await;
    let line = first.line(&bus).await;
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    hub.sees(FORCES[0], holds(first.head().await.expect("a head").size.0)).await;
    drop(line);
    let _line = second.line(&bus).await;
    let seen = hub.sees_state(FORCES[0], State::Fork).await;
    evidence_holds(&hub, &seen).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_history_that_only_the_recorder_tells_is_a_fork_once_its_entries_were_asked_for() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let (first, second) = two_histories(&dir, 150).await;
    let line = first.line(&bus).await;
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    let size = first.head().await.expect("a head").size.0;
    hub.sees(FORCES[0], holds(size)).await;
    drop(line);
    let _line = Line(vec![second.questions_from(&bus).await]);
    let seen = hub.sees_state(FORCES[0], State::Fork).await;
    assert_eq!(seen.held, size, "nothing of the other one was taken");
    evidence_holds(&hub, &seen).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_is_thrown_away_and_made_again_still_knows_the_first_history() {
    let dir = dir();
    let (first, second) = two_histories(&dir, 60).await;
    let bus = Hub::bus(&FORCES).await;
    let line = first.line(&bus).await;
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    let size = first.head().await.expect("a head").size.0;
    hub.sees(FORCES[0], holds(size)).await;
    let mirror = hub.mirror_of(FORCES[0]);
    hub.stop().await;
    drop(line);
    std::fs::remove_dir_all(&mirror).expect("it was there");
    // The same history again: nothing is amiss.
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    hub.sees(FORCES[0], holds(size)).await;
    hub.stop().await;
    std::fs::remove_dir_all(&mirror).expect("it was there");
    // A bus that knows only the second history.
    let bus = Hub::bus(&FORCES).await;
    let _line = second.line(&bus).await;
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    let seen = hub.sees_state(FORCES[0], State::Fork).await;
    evidence_holds(&hub, &seen).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_is_a_rollback_until_the_entries_are_back() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let mut place = Place::founded(&dir, FORCES[0], 5).await;
    place.stop().await;
    let backup = dir.path().join("backup");
    copy(&place.ledger, &backup);
    place.start().await;
    place.facts(6..20).await;
    let line = place.line(&bus).await;
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    hub.sees(FORCES[0], holds(place.head().await.expect("a head").size.0)).await;
    drop(line);
    let mut restored = Place::at(FORCES[0], backup).await;
    restored.start().await;
    restored.reaches(1).await;
    let line = Line(vec![restored.questions_from(&bus).await]);
    let seen = hub.sees_state(FORCES[0], State::RolledBack).await;
    assert!(seen.evidence.is_none(), "it may yet come back");
    drop(line);
    let _line = place.line(&bus).await;
    hub.sees_state(FORCES[0], State::NotPinned).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_lost_is_a_gap_until_the_recorder_is_back() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let place = Place::founded(&dir, FORCES[0], 5).await;
    let line = place.line(&bus).await;
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    let before = place.head().await.expect("a head").size.0;
    hub.sees(FORCES[0], holds(before)).await;
    let mirror = hub.mirror_of(FORCES[0]);
    hub.stop().await;
    place.facts(6..9).await;
    place.facts(9..12).await;
    let size = place.head().await.expect("a head").size.0;
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(line);
    // A message in the middle is gone, and with the mirror everything behind it is needed.
    std::fs::remove_dir_all(&mirror).expect("it was there");
    bus.broker().expect("in process").lose(&scene::force(FORCES[0]).sealed_log().name, 2);
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    let seen = hub.sees_state(FORCES[0], State::Gap).await;
    assert!(seen.why.contains("entries from"), "{seen:?}");
    let _line = Line(vec![place.questions_from(&bus).await]);
    hub.sees(FORCES[0], |f| f.state == State::NotPinned && holds(size)(f)).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_the_stream_lost_is_a_gap_for_a_mirror_made_again() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let place = Place::founded(&dir, FORCES[0], 5).await;
    let line = place.line(&bus).await;
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    hub.sees(FORCES[0], holds(place.head().await.expect("a head").size.0)).await;
    place.facts(6..30).await;
    let size = place.head().await.expect("a head").size.0;
    hub.sees(FORCES[0], holds(size)).await;
    let mirror = hub.mirror_of(FORCES[0]);
    hub.stop().await;
    drop(line);
    std::fs::remove_dir_all(&mirror).expect("it was there");
    bus.broker().expect("in process").lose_tail(&scene::force(FORCES[0]).sealed_log().name, 2, false);
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    let seen = hub.sees_state(FORCES[0], State::Gap).await;
    assert!(seen.why.contains("signed for"), "{seen:?}");
    assert!(!seen.checkpoint.as_ref().expect("it is remembered").held);
    // The recorder is asked for what the stream does not tell, without waiting for its next entry.
    let _line = Line(vec![place.questions_from(&bus).await]);
    hub.sees(FORCES[0], |f| f.state == State::NotPinned && holds(size)(f)).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_without_the_logs_keys_is_not_heard_and_makes_no_fork() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let place = Place::founded(&dir, FORCES[0], 5).await;
    let line = place.line(&bus).await;
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[("hub.silence-seconds", "3")]);
    let head = place.head().await.expect("a head");
    hub.sees(FORCES[0], holds(head.size.0)).await;
    drop(line);
    let beyond = TreeSize(head.size.0 + 1);
    for (size, why) in [(head.size, "signed by the log"), (beyond, "covers more entries than it says")] {
        let forged = signer_from(9).sign(size, Hash::of(b"another tree")).expect("it signs");
        let checkpoint = Some(forged.to_bytes().into());
        let _line = Line(vec![place.answers(&bus, Head { checkpoint, ..head.clone() }).await]);
        let seen = hub.sees(FORCES[0], |f| f.state == State::Silent && f.why.contains(why)).await;
        assert!(seen.why.contains("does not have the log's keys"), "{seen:?}");
        assert!(!seen.all.contains(&State::Fork));
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_stream_is_filled_from_the_recorder() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let place = Place::founded(&dir, FORCES[0], 30).await;
    let _line = Line(vec![place.questions_from(&bus).await]);
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[]);
    hub.sees(FORCES[0], holds(place.head().await.expect("a head").size.0)).await;
    hub.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_force_that_says_nothing_is_silent_after_so_many_seconds() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let hub = Hub::start(&bus, dir.path(), &FORCES[..1], &[("hub.silence-seconds", "600")]);
    tokio::time::sleep(Duration::from_secs(500)).await;
    assert_eq!(hub.sees(FORCES[0], |_| true).await.state, State::Waiting);
    tokio::time::sleep(Duration::from_secs(110)).await;
    let seen = hub.sees_state(FORCES[0], State::Silent).await;
    assert!(seen.why.contains("neither an answer nor a new entry"), "{seen:?}");
    assert_eq!(seen.all, [State::Silent, State::NotPinned]);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_or_a_memory_that_does_not_read_halts_that_force_alone() {
    let dir = dir();
    let bus = Hub::bus(&FORCES).await;
    let place = Place::founded(&dir, FORCES[1], 2).await;
    let _line = place.line(&bus).await;
    pin(dir.path(), &FORCES);
    std::fs::write(dir.path().join("hub/policies/cambridgeshire.policy"), "log nobody\n").expect("a file");
    let hub = Hub::start(&bus, dir.path(), &FORCES, &[]);
    let seen = hub.sees_state(FORCES[0], State::Halted).await;
    assert!(seen.why.contains("cambridgeshire.policy"), "{seen:?}");
    hub.sees_state(FORCES[1], State::Ok).await;
    hub.stop().await;
}
