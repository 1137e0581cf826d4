//! A broker for one force, provisioned and checked as an operator would.

use std::fs;

use brokers::Server;
use serde_json::json;

use crate::harness::Scene;

#[test]
fn a_broker_is_provisioned_and_passes_the_check_that_every_service_makes() {
    let scene = Scene::empty();
    let provision = [
        "bus",
        "provision",
        "nats",
        "--force",
        "cambridgeshire",
        "--listen",
        "127.0.0.1:-1",
        "--store",
        "{folder}/jetstream",
    ];
    let written = scene.json(provision);
    assert_eq!(written["keys"].as_array().map(Vec::len), Some(8));
    let config = fs::read_to_string(scene.path("nats/nats.conf")).expect("the configuration is written");
    let Some(server) = Server::with_config(&config) else { return };
    let check = |who: &str| {
        let key = format!("nats/keys/{who}.nk");
        scene.run([
            "bus",
            "check",
            "--json",
            "--force",
            "cambridgeshire",
            "--to",
            server.url(),
            "--nats-nkey",
            &key,
        ])
    };
    let before = check("recorder");
    assert_eq!(before.code, 3);
    assert!(before.stdout.contains("has it been provisioned?"), "{}", before.stdout);
    let made = scene.run(provision.into_iter().chain(["--json", "--to", server.url()]));
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(
        made.result()["streams"],
        json!(["INBOX_CAMBRIDGESHIRE", "SEALED_CAMBRIDGESHIRE", "ADDENDA_CAMBRIDGESHIRE"])
    );
    assert_eq!(made.result()["kept"], 8);
    for who in ["recorder", "review", "status"] {
        let after = check(who);
        assert_eq!((after.code, &after.result()["complaints"]), (0, &json!([])), "{who}: {}", after.stdout);
    }
    // An officer has no business with streams.
    assert_eq!(check("officer").code, 3);
}

/// Whoever forgot the key was told that nobody answers.
#[test]
fn whoever_forgot_the_key_is_told_which_flag_it_is() {
    let scene = Scene::empty();
    let written = scene.run([
        "bus",
        "provision",
        "nats",
        "--force",
        "kent",
        "--listen",
        "127.0.0.1:-1",
        "--store",
        "{folder}/jetstream",
    ]);
    assert_eq!(written.code, 0, "{written:?}");
    let config = fs::read_to_string(scene.path("nats/nats.conf")).expect("the configuration is written");
    let Some(server) = Server::with_config(&config) else { return };
    let status = scene.run(["status", "--to", server.url()]);
    assert_eq!(status.code, 8, "{}", status.stderr);
    assert!(status.stderr.contains("--nats-nkey FILE says who you are"), "{}", status.stderr);
    let made = scene.run(["bus", "provision", "other", "--force", "kent"]);
    assert_eq!(made.code, 0, "{made:?}");
    let stranger = scene.run(["status", "--to", server.url(), "--nats-nkey", "other/keys/status.nk"]);
    assert!(stranger.stderr.contains("is it a key of that broker's"), "{}", stranger.stderr);
}

/// A folder that servers run by, and what a second run may do to it.
#[test]
fn a_second_run_adds_forces_to_a_hub_and_moves_no_server_unasked() {
    let scene = Scene::empty();
    let nodes = ["--node", "hub-1=127.0.0.1:15001:15002:15003"];
    let first = ["bus", "provision", "hub", "hub", "--force", "kent"];
    let first = scene.run(first.into_iter().chain(nodes).chain(["--json"]));
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert_eq!(first.result()["changed"], json!([]));
    let read = |path: &str| fs::read_to_string(scene.path(path)).expect("it is written");
    let (before, node) = (read("hub/accounts.conf"), read("hub/hub-1.conf"));
    let seed = read("hub/forces/kent/keys/leaf.nk");
    // What it was told before it knows.
    let second = scene.run(["bus", "provision", "hub", "hub", "--force", "essex", "--json"]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert_eq!(second.result()["changed"], json!(["hub/accounts.conf"]));
    assert_eq!(second.result()["kept"], 3);
    assert_eq!((read("hub/accounts.conf.before"), read("hub/hub-1.conf")), (before, node));
    assert_eq!(read("hub/forces/kent/keys/leaf.nk"), seed);
    for force in ["KENT", "ESSEX"] {
        assert!(read("hub/accounts.conf").contains(&format!("\"F_{force}\" {{")), "{force}");
    }
    let moved = ["bus", "provision", "hub", "hub", "--node", "hub-1=10.0.0.1"];
    let refused = scene.run(moved);
    assert_eq!(refused.code, 7, "{}", refused.stderr);
    assert!(refused.stderr.contains("another set of servers (--node)"), "{}", refused.stderr);
    assert!(!read("hub/hub-1.conf").contains("0.0.0.0:4222"));
    let asked = scene.run(moved.into_iter().chain(["--replace"]));
    assert_eq!(asked.code, 0, "{}", asked.stderr);
    assert!(
        read("hub/forces/kent/nats.conf").contains("nats-leaf://10.0.0.1:7422"),
        "the force finds it there"
    );
    // A force that brings its own key is asked for nothing else, and no key of it is made here.
    let own =
        scene.json(["bus", "provision", "kent", "--force", "surrey", "--hub", "nats-leaf://10.0.0.1:7422"]);
    let key = own["link"].as_str().expect("the public half").to_owned();
    let added = scene.run(["bus", "provision", "hub", "hub", "--force", &format!("surrey={key}")]);
    assert_eq!(added.code, 0, "{}", added.stderr);
    assert!(read("hub/accounts.conf").contains(&key) && !scene.path("hub/forces/surrey").exists());
    for (args, word) in [
        (vec!["hub", "new", "--force", "kent"], "--node hub-1=HOST"),
        (vec!["hub", "hub", "--force", "kent=UX"], "is no public key of a user"),
        (vec!["hub", "hub", "--force", "hub"], "servers need that name"),
        (vec!["hub", "new", "--node", "a=b", "--replicas", "3"], "there are 1"),
        (vec!["new", "--force", "kent", "--replicas", "2"], "1 or 3"),
        (vec!["kent", "--force", "kent"], "is the broker of surrey"),
    ] {
        let answer = scene.run(["bus", "provision"].into_iter().chain(args));
        assert!([2, 7].contains(&answer.code) && answer.stderr.contains(word), "{word}: {}", answer.stderr);
    }
}

#[test]
fn a_broker_that_cannot_be_reached_or_will_not_let_us_in_is_said_plainly() {
    let scene = Scene::empty();
    let away = ["bus", "check", "--force", "x", "--to", "nats://127.0.0.1:9"];
    let away = scene.run(away);
    assert_eq!(away.code, 8);
    assert!(away.stderr.contains("nobody listens there"), "{}", away.stderr);
    for (args, word) in [
        (["bus", "provision", "nats", "--force", "No Force"], "cannot stand in a subject"),
        (["bus", "provision", "file", "--force", "x"], "a folder is needed"),
    ] {
        fs::write(scene.path("file"), "").expect("a scene's folder can be written");
        let answer = scene.run(args);
        assert_eq!(answer.code, 2, "{}", answer.stderr);
        assert!(answer.stderr.contains(word), "{}", answer.stderr);
    }
}
