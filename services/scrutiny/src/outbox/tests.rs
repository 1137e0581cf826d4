use load::Load;

use super::*;

fn submission(n: u64) -> Submission {
    let signed = Load::new(1, Vec::new()).fact(n);
    let addenda = vec![Bytes::from_static(b"thirty-two random bytes, and text")];
    Submission { statement: signed.statement, signatures: signed.signatures, addenda }
}

fn outbox() -> (tempfile::TempDir, Outbox) {
    let dir = tempfile::TempDir::new().expect("a temporary folder");
    let outbox = Outbox::of(dir.path());
    (dir, outbox)
}

#[test]
fn what_is_kept_is_there_after_a_restart_in_order_and_byte_for_byte() {
    let (dir, outbox) = outbox();
    for n in [7, 3, 5] {
        outbox.keep(submission(n), "nats://x:4222", "cambridgeshire", 1_000 + n).expect("is kept");
    }
    let again = Outbox::of(dir.path()).all().expect("reads");
    let submissions: Vec<_> = again.iter().map(|kept| kept.submission.clone()).collect();
    assert_eq!(submissions, [7, 3, 5].map(submission));
    assert_eq!(again[0].service, Service::Response);
    outbox.forget(&again[1]).expect("is forgotten");
    outbox.forget(&again[1]).expect("forgetting twice is no error");
    outbox.keep(submission(9), "nats://x:4222", "cambridgeshire", 0).expect("is kept");
    let left: Vec<_> = outbox.all().expect("reads").iter().map(|kept| kept.statement.id).collect();
    assert_eq!(left, [7, 5, 9].map(|n| Load::new(1, Vec::new()).fact(n).id));
}

#[test]
fn nobody_else_reads_the_outbox() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, outbox) = outbox();
    let kept = outbox.keep(submission(1), "x", "cambridgeshire", 0).expect("is kept");
    let mode = |path: &Path| std::fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    assert_eq!((mode(&dir.path().join("outbox")), mode(&kept.path)), (0o700, 0o600));
}

/// A command was killed while it wrote: the unfinished file stands beside, under another name.
#[test]
fn an_unfinished_file_is_passed_over() {
    let (dir, outbox) = outbox();
    outbox.keep(submission(1), "x", "cambridgeshire", 0).expect("is kept");
    std::fs::write(dir.path().join("outbox/000000000002-x.77.tmp"), b"{").expect("is written");
    assert_eq!(outbox.all().expect("reads").len(), 1);
}

#[test]
fn a_file_that_was_changed_is_named() {
    let (_dir, outbox) = outbox();
    let kept = outbox.keep(submission(1), "x", "cambridgeshire", 0).expect("is kept");
    let text = std::fs::read_to_string(&kept.path).expect("reads");
    std::fs::write(&kept.path, text.replace(&kept.file.id, "01890a5d-ac96-774b-bcce-b302099a8057"))
        .expect("is written");
    let error = outbox.all().expect_err("it is another id").to_string();
    assert!(error.contains("its id is not the statement's"), "{error}");
}

#[test]
fn what_was_refused_says_so_until_it_is_dropped() {
    let (_dir, outbox) = outbox();
    let mut kept = outbox.keep(submission(1), "x", "cambridgeshire", 0).expect("is kept");
    outbox.refuse(&mut kept, "INV-02: no").expect("is written");
    assert_eq!(outbox.all().expect("reads")[0].file.refused.as_deref(), Some("INV-02: no"));
}

#[test]
fn a_memory_counts_what_was_signed_on_top_of_what_was_seen() {
    let (_dir, outbox) = outbox();
    let mut memory = outbox.memory();
    let statement = Statement::parse(&submission(1).statement).expect("a statement");
    memory.see(statement.stream.as_str(), 4);
    memory.signed(&statement);
    memory.recorded(&statement, 12);
    outbox.remember(&memory).expect("is written");
    let again = outbox.memory();
    assert_eq!(again.seen(statement.stream.as_str()), 5);
    assert_eq!(again.entry_that_says(&statement), Some(12));
    let other = Statement::parse(&submission(2).statement).expect("a statement");
    assert_eq!((again.seen("fact/x/y"), again.entry_that_says(&other)), (0, None));
}
