//! `allowed_signers` files: written for ssh-keygen, and read as ssh-keygen reads them.

mod openssh;

use std::fs;

use ledger_core::allowed_signers::{self, AllowedSigner, Grant};
use ledger_core::sshsig;
use proptest::prelude::*;

use openssh::{MESSAGE, MOMENT, NAMESPACE, folder, key_pair, keygen, verify, write_signature};

/// What this crate and ssh-keygen should say to one line.
enum Verdict {
    /// Both read it and permit.
    Permits,
    /// Both refuse: the line is wrong, or does not fit.
    Refuses,
    /// ssh-keygen permits; here the line is refused, and the module's documentation says why.
    StricterHere,
}

#[test]
fn allowed_signers_lines_mean_here_what_they_mean_to_ssh_keygen() {
    use Verdict::{Permits, Refuses, StricterHere};
    let Some(folder) = folder() else { return };
    let (key, public) = key_pair();
    write_signature(folder.path(), &sshsig::sign(&key, NAMESPACE, MESSAGE));
    let n = "namespaces=\"statement@scrutiny-ledger\"";
    let rows = [
        ("{p} {k}", Permits),
        ("\t {p}\t  {k} and a comment", Permits),
        ("# a comment\n\n   \n{p} {k}\r\n", Permits),
        ("#{p} {k}", Refuses),
        ("\"{p}\" {k}", Permits),
        ("\"other,{p}\" {k}", Permits),
        ("\"{p} {k}", Refuses),
        ("*@cambs {k}", Permits),
        ("*@* {k}", Permits),
        ("o?f@cambs {k}", Permits),
        ("o?@cambs {k}", Refuses),
        ("*,!{p} {k}", Refuses),
        ("!other,{p} {k}", Permits),
        ("!other {k}", Refuses),
        ("OFF@cambs {k}", Refuses),
        ("a,,{p} {k}", Permits),
        ("{k}", Refuses),
        ("{p}", Refuses),
        ("{p} ssh-ed25519", Refuses),
        ("{p} ssh-ed25519 AAAA", Refuses),
        ("{p} {n} {k}", Permits),
        ("{p} NameSpaces=\"statement@*\" {k}", Permits),
        ("{p} namespaces=\"file,statement@scrutiny-ledger\" {k}", Permits),
        ("{p} namespaces=\"with space,statement@scrutiny-ledger\" {k}", Permits),
        ("{p} namespaces=\"!statement*,*\" {k}", Refuses),
        ("{p} namespaces=\"\" {k}", Refuses),
        ("{p} namespaces=statement@scrutiny-ledger {k}", Refuses),
        ("{p} {n},{n} {k}", Refuses),
        ("{p} {n}, {k}", Refuses),
        ("{p} ,{n} {k}", StricterHere),
        ("{p} {n} valid-after=\"20240101Z\" {k}", Refuses),
        ("{p} no-touch-required {k}", Refuses),
        ("{p} cert-authority {k}", Refuses),
        ("{p} cert-authority,{n} {k}", Refuses),
        ("{p} valid-after=20240101Z {k}", Refuses),
        ("{p} {n},valid-after=\"20240101Z\",valid-before=\"20250101Z\" {k}", Permits),
        ("{p} valid-before=\"20240101Z\",valid-after=\"20250101Z\" {k}", Refuses),
        ("{p} valid-after=\"20240101Z\",valid-before=\"20240101Z\" {k}", Refuses),
        ("{p} valid-after=\"20240101Z\",valid-after=\"20240101Z\" {k}", Refuses),
        ("{p} valid-after=\"20240615120000Z\" {k}", Permits),
        ("{p} valid-after=\"20240615120001Z\" {k}", Refuses),
        ("{p} valid-before=\"202406151200Z\" {k}", Permits),
        ("{p} valid-before=\"20240615115959Z\" {k}", Refuses),
        ("{p} valid-after=\"19700101Z\" {k}", Refuses),
        ("{p} valid-after=\"20241301Z\" {k}", Refuses),
        ("{p} valid-after=\"2024Z\" {k}", Refuses),
        ("{p} valid-after=\"\" {k}", Refuses),
        ("{p} valid-after=\"20240101\" {k}", StricterHere),
        ("{p} valid-after=\"20240230Z\" {k}", StricterHere),
        ("{p} namespaces=\"a\\\"b,statement@*\" {k}", StricterHere),
    ];
    let count = rows.len();
    for (row, verdict) in rows {
        let line =
            row.replace("{p}", "off@cambs").replace("{n}", n).replace("{k}", &public.to_openssh_line(""));
        let (theirs, said) = verify(folder.path(), &line, "off@cambs", MESSAGE);
        let parsed = allowed_signers::parse(&line);
        let permits = |signers: &[AllowedSigner]| {
            signers.iter().any(|s| s.key == public && s.permits("off@cambs", NAMESPACE, MOMENT))
        };
        let ours = parsed.as_ref().is_ok_and(|signers| permits(signers));
        let expected = match verdict {
            Permits => (true, true),
            Refuses => (false, false),
            StricterHere => (true, false),
        };
        assert_eq!((theirs, ours), expected, "{row}\nhere: {parsed:?}\nssh-keygen: {said}");
    }
    assert!(count >= 50, "the table is whole");
}

#[test]
fn other_key_types_in_an_allowed_signers_file_are_refused_by_name_and_line() {
    let Some(folder) = folder() else { return };
    let (good, said) = keygen(folder.path(), &["-q", "-t", "rsa", "-N", "", "-f", "rsa"], b"");
    assert!(good, "{said}");
    let line = fs::read_to_string(folder.path().join("rsa.pub")).expect("ssh-keygen wrote it");
    let refused = allowed_signers::parse(&format!("# officers\na@b {line}")).expect_err("RSA");
    assert_eq!(
        refused.to_string(),
        "line 2: ssh-rsa is not accepted here: use an ssh-ed25519 key (ssh-keygen -t ed25519) or a FIDO2 one \
         (ssh-keygen -t ed25519-sk)"
    );
}

#[test]
fn names_that_would_be_patterns_are_not_written() {
    let (_, public) = key_pair();
    for bad in ["", "a b", "a,b", "*", "a?", "!a", "#a", "a\"b", "a\nb", "a\\b", "é"] {
        let grant =
            Grant { principal: bad, namespace: "n", valid_after: None, valid_before: None, key: &public };
        assert!(grant.to_line().is_err(), "{bad:?}");
        assert!(Grant { principal: "p", namespace: bad, ..grant }.to_line().is_err(), "{bad:?}");
    }
    let never =
        Grant { principal: "p", namespace: "n", valid_after: Some(0), valid_before: None, key: &public };
    assert_eq!(never.to_line(), Err(allowed_signers::AllowedSignersError::Time(0)));
}

/// A grant and a question about it, both picked so that yes and no are both common.
fn case() -> impl Strategy<Value = (String, String, Option<u64>, Option<u64>, String)> {
    let pattern = prop_oneof!["[ab]{1,2}", "[ab?*]{1,3}", "!?[ab*]{1,2},[a?*]{1,2}", "\\*,!?[ab*]{1,2}"];
    let namespaces =
        prop_oneof!["\\*", "statement@\\*", "!\\*", "file,statement@scrutiny-ledger", "s\\*e[nr]"];
    let moment = || proptest::option::of(MOMENT - 2..MOMENT + 3);
    (pattern, namespaces, moment(), moment(), "[ab]{1,2}")
}

fn stamp(moment: u64) -> String {
    // MOMENT is twelve o'clock sharp.
    if moment >= MOMENT {
        format!("202406151200{:02}Z", moment - MOMENT)
    } else {
        format!("202406151159{:02}Z", 60 - (MOMENT - moment))
    }
}

#[test]
fn random_lines_mean_here_what_they_mean_to_ssh_keygen() {
    let Some(folder) = folder() else { return };
    let (key, public) = key_pair();
    write_signature(folder.path(), &sshsig::sign(&key, NAMESPACE, MESSAGE));
    let answers = std::cell::Cell::new([0; 2]);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&case(), |(principals, namespaces, after, before, who)| {
        let mut line = format!("{principals} namespaces=\"{namespaces}\"");
        for (option, moment) in [("valid-after", after), ("valid-before", before)] {
            if let Some(moment) = moment {
                line.push_str(&format!(",{option}=\"{}\"", stamp(moment)));
            }
        }
        line.push_str(&format!(" {}", public.to_openssh_line("")));
        let (theirs, said) = verify(folder.path(), &line, &who, MESSAGE);
        let parsed = allowed_signers::parse(&line);
        let ours = parsed.as_ref().is_ok_and(|s| s[0].permits(&who, NAMESPACE, MOMENT));
        prop_assert_eq!(theirs, ours, "{} asked for {}: {:?}\n{}", line, who, parsed, said);
        let mut counted = answers.get();
        counted[usize::from(ours)] += 1;
        answers.set(counted);
        Ok(())
    });
    outcome.expect("both agree on every line");
    let [no, yes] = answers.get();
    assert!(no > 10 && yes > 10, "{no} times no and {yes} times yes is no comparison");
}
