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
