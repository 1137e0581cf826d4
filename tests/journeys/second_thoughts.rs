//! What goes wrong the first time, and can be put right the second.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::harness::{Scene, root};

#[test]
fn a_founding_that_is_refused_leaves_nothing_in_the_way() {
    // A capital letter in the body's name was noticed when keys and an empty ledger were there already, and
    // the second attempt was told that there was a ledger.
    let scene = Scene::empty();
    let wrong = scene.run(["init", "--origin", "scrutiny.example/x", "--body", "Cambridgeshire"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(!scene.path("ledger").exists() && !scene.path("keys").exists());
    scene.json(["init", "--origin", "scrutiny.example/x", "--body", "cambridgeshire"]);
}

#[test]
fn a_role_that_was_refused_is_given_to_the_enrolled_key_later() {
    let scene = Scene::empty();
    scene.json(["init", "--origin", "scrutiny.example/x", "--body", "cambridgeshire"]);
    scene.json(["key", "new", "officer"]);
    let half = scene.run(["key", "enrol", "officer", "--as", "KEEPER of cambridgeshire"]);
    assert_eq!(half.code, 6, "no charter knows that role: {half:?}");
    // The key is enrolled by now; this was refused as a second enrolment.
    scene.json(["key", "enrol", "officer", "--as", "G&I of cambridgeshire"]);
    let keys = scene.json(["key", "list"]);
    let officer =
        keys.as_array().expect("keys").iter().find(|key| key["name"] == "officer").expect("it is there");
    assert_eq!(officer["roles"][0], "G&I of cambridgeshire");
    let again = scene.run(["key", "enrol", "officer"]);
    assert_eq!(again.code, 6, "a key is enrolled once: {again:?}");
}

#[test]
fn the_latest_refusals_are_shown_and_how_many_there_are() {
    let scene = Scene::with_people();
    let response_to = |finding: u32| {
        format!(
            "kind: ForceResponseRecorded\nstream: obligation/cambridgeshire/no-report/{finding}/0\n\
             signed_by: chief-constable-cambridgeshire as CC of cambridgeshire\nbody: {{type: action_taken, text: Done.}}"
        )
    };
    scene.refuse("INV-01", &response_to(1));
    scene.refuse("INV-01", &response_to(2));
    let answer = scene.run(["refusals", "--last", "1"]);
    assert!(
        answer.stdout.contains("no-report/2/0") && !answer.stdout.contains("no-report/1/0"),
        "{answer:?}"
    );
    assert!(answer.stderr.contains("the last 1 of 2"), "{answer:?}");
    let both = scene.json(["refusals"]);
    assert_eq!(
        (both[0]["code"].as_str(), both.as_array().map(Vec::len)),
        (Some("INV-01"), Some(2)),
        "{both}"
    );
}

#[test]
fn a_stream_of_several_entries_is_shown_one_by_one_and_is_one_document() {
    let scene = Scene::with_people();
    let none = scene.json(["refusals"]);
    assert_eq!(none.as_array().map(Vec::len), Some(0), "nothing was refused yet");
    for text in ["The first.", "The second."] {
        scene.accept(&format!(
            "kind: ScrutinyFactRecorded\nstream: fact/cambridgeshire/several\n\
             signed_by: governance-officer as G&I of cambridgeshire\nbody: {{fact: ContactNamed, text: {text}}}"
        ));
    }
    let shown = scene.run(["show", "fact/cambridgeshire/several"]);
    assert!(shown.stdout.starts_with("fact/cambridgeshire/several: 2 entries\n\n#"), "{shown:?}");
    assert_eq!(shown.stdout.matches("leaf hash: ").count(), 2, "{shown:?}");
    let listed = scene.json(["show", "fact/cambridgeshire/several"]);
    assert_eq!(listed[1]["stream_version"], 2, "{listed}");
    let signatures = scene.json(["show", "fact/cambridgeshire/several", "--extract", "out"]);
    assert_eq!(signatures.as_array().map(Vec::len), Some(2), "{signatures}");
}

#[test]
fn a_private_key_that_others_may_read_is_not_used() {
    let scene = Scene::with_people();
    let body = "kind: BodyRegistered\nstream: body/somewhere\n\
                signed_by: governance-officer as G&I of cambridgeshire\nbody: {name: Somewhere, level: force}";
    for key in ["keys/governance-officer", "keys/log.key"] {
        fs::set_permissions(scene.path(key), fs::Permissions::from_mode(0o640)).expect("it is ours");
        let answer = scene.record(body);
        assert_eq!(answer.code, 4, "{key}: {answer:?}");
        assert!(answer.error().contains("chmod 600"), "{answer:?}");
        fs::set_permissions(scene.path(key), fs::Permissions::from_mode(0o600)).expect("it is ours");
    }
    scene.accept(body);
}

#[test]
fn keys_that_no_ledger_takes_may_lie_in_the_key_folder() {
    // An RSA key in `~/.ssh` kept every Ed25519 key beside it from signing.
    let scene = Scene::with_people();
    fs::write(scene.path("keys/id_rsa.pub"), "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7 office\n")
        .expect("written");
    scene.accept(
        "kind: BodyRegistered\nstream: body/somewhere\n\
         signed_by: governance-officer as G&I of cambridgeshire\nbody: {name: Somewhere, level: force}",
    );
    assert_eq!(scene.run(["key", "list"]).code, 0);
}

#[test]
fn a_statement_that_was_prepared_is_not_prepared_over() {
    // It would have other salts, so that the signatures gathered for the first one would fail.
    let scene = Scene::with_people();
    let draft = "id: 01890a5d-ac96-774b-bcce-b302099a8057\nkind: BodyRegistered\nstream: body/somewhere\n\
                 signed_by: governance-officer as G&I of cambridgeshire\nbody: {name: Somewhere, level: force}";
    fs::write(scene.path("draft.yaml"), draft).expect("written");
    scene.json(["sign", "draft.yaml", "--out", "desk"]);
    let again = scene.run(["sign", "draft.yaml", "--out", "desk"]);
    assert_eq!(again.code, 7, "{again:?}");
}

#[test]
fn an_export_never_lands_in_a_ledger_or_between_other_files() {
    let scene = Scene::with_people();
    for (to, code) in [("ledger", 2), ("ledger/segments", 2), ("keys", 7)] {
        let answer = scene.run(["export", "ledger", to]);
        assert_eq!(answer.code, code, "{to}: {answer:?}");
    }
    assert!(!scene.path("ledger/checkpoint").exists());
}

#[test]
fn a_pipe_among_an_exports_files_keeps_nobody_waiting() {
    let scene = Scene::with_people();
    scene.json(["export", "ledger", "export"]);
    fs::remove_file(scene.path("export/checkpoint")).expect("it is there");
    let made = Command::new("mkfifo").arg(scene.path("export/checkpoint")).status().expect("mkfifo runs");
    assert!(made.success());
    let answer = scene.run(["verify", "export"]);
    assert!(matches!(answer.code, 3 | 4), "{answer:?}");
}

#[test]
fn an_entry_too_long_for_its_proof_lies_beside_it() {
    // Its proof was written all the same, and could not be read again.
    let scene = Scene::with_people();
    let text = "Communication skills. ".repeat(2_300);
    let recorded = scene.accept(&format!(
        "kind: ScrutinyFactRecorded\nstream: fact/cambridgeshire/training\n\
         signed_by: head-of-partnerships as LEAD of cambridgeshire\n\
         body: {{fact: TrainingDelivered, text: \"{text}\"}}"
    ));
    let index = recorded[0]["index"].to_string();
    scene.json(["prove", &index, "--out", "long.tlog-proof"]);
    fs::write(scene.path("policy"), scene.run(["policy"]).stdout).expect("written");
    let checked = scene.json(["check", "long.tlog-proof", "--policy", "policy"]);
    assert_eq!(checked["index"].to_string(), index);
    fs::remove_file(scene.path("long.tlog-proof.entry")).expect("it lies beside the proof");
    assert_eq!(scene.run(["check", "long.tlog-proof", "--policy", "policy"]).code, 4);
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let scene = Scene::empty();
    let program = env!("CARGO_BIN_EXE_scrutiny");
    for command in ["completions bash", "kinds", "kinds --json", "help"] {
        let script = format!("{{ {program} {command}; echo $? >code; }} 2>err | head -c 1 >/dev/null");
        let ran =
            Command::new("sh").args(["-c", &script]).current_dir(scene.path("")).status().expect("a shell");
        assert!(ran.success());
        let error = fs::read_to_string(scene.path("err")).expect("kept");
        assert!(!error.contains("panicked"), "{command}: {error}");
    }
}

#[test]
fn the_readme_can_be_typed_as_it_stands() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the readme is there");
    let scene = Scene::empty();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_scrutiny"));
    let path = format!(
        "{}:{}",
        program.parent().expect("the program is in a folder").display(),
        std::env::var("PATH").expect("there is a path")
    );
    let (mut script, mut typed) = (String::from("set -eu\n"), 0);
    for block in readme.split("```console\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
        for line in block.lines() {
            let command = line.strip_prefix("$ ").or(line.strip_prefix("> ")).unwrap_or(line);
            // Building, testing and Go are for those who have the sources and the tools; CI runs them.
            // Services run until they are stopped: they stand in blocks of another sort, and have journeys of their own.
            if !["cargo ", "./test", "tests/"].iter().any(|other| command.starts_with(other)) {
                script.push_str(command);
                script.push('\n');
                typed += usize::from(command.starts_with("scrutiny "));
            }
        }
    }
    assert!(typed >= 12, "the readme shows the program at work: {script}");
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(scene.path(""))
        .env("PATH", path)
        .env_remove("SCRUTINY_LEDGER")
        .env_remove("SCRUTINY_KEYS")
        .output()
        .expect("a shell starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{stdout}\n{stderr}");
    assert!(stdout.contains("Good \"statement@scrutiny-ledger\" signature"), "{stdout}");
}
