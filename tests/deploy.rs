//! The deployment, as far as reading can hold it: no container engine runs here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use host::{Config, Given, Role};
use serde_json::Value;

use crate::harness::root;

/// Every service of ours in compose, with the role that its binary has.
const ROLES: [&Role; 5] =
    [&recorder::service::ROLE, &projector::service::ROLE, &review::ROLE, &inspection::ROLE, &response::ROLE];

/// Every role that has a sample: a force's, and the hub's, which is not part of a force's deployment.
fn sampled() -> impl Iterator<Item = &'static Role> {
    ROLES.into_iter().chain([&hub::ROLE])
}

/// What the steps of deploy/README.md make; it is not in the repository.
const MADE: &str = "./deploy/own/";

fn compose() -> Value {
    let text = fs::read_to_string(root().join("docker-compose.yml")).expect("docker-compose.yml is there");
    serde_saphyr::from_str(&text).expect("docker-compose.yml is YAML")
}

/// Every service, whole: what it merges (`<<`) is in it.
fn services(compose: &Value) -> BTreeMap<&str, Value> {
    let map = compose["services"].as_object().expect("services");
    map.iter().map(|(name, service)| (name.as_str(), whole(service))).collect()
}

fn whole(service: &Value) -> Value {
    let mut all = service.get("<<").map(whole).unwrap_or_else(|| Value::Object(Default::default()));
    for (key, value) in
        service.as_object().expect("a service is a map").iter().filter(|(key, _)| *key != "<<")
    {
        all[key] = value.clone();
    }
    all
}

/// The services that start without a profile, and those that `--profile cluster` adds.
fn with_profile<'a>(services: &'a BTreeMap<&str, Value>, profile: Option<&str>) -> Vec<&'a str> {
    let of = |service: &Value| texts(&service["profiles"]).first().map(|name| (*name).to_owned());
    services.iter().filter(|(_, s)| of(s).as_deref() == profile).map(|(name, _)| *name).collect()
}

/// A service's secrets: what each is, and what it is called within.
fn secrets(service: &Value) -> Vec<(&str, &str)> {
    let items = service["secrets"].as_array().into_iter().flatten();
    items
        .map(|item| match item.as_str() {
            Some(name) => (name, name),
            None => (
                item["source"].as_str().expect("a secret has a source"),
                item["target"].as_str().expect("a secret has a target"),
            ),
        })
        .collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn every_sample_configuration_is_read_by_the_role_it_is_for() {
    let mut seen = 0;
    for role in sampled() {
        let file = root().join("deploy").join(format!("{}.toml", role.name));
        let config = Config::gather(role, Given { file: Some(file), ..Given::default() });
        let config = config.unwrap_or_else(|e| panic!("deploy/{}.toml: {e}", role.name));
        let own = role.defaults.iter().find(|(name, _)| *name == "ops.listen").expect("its own port").1;
        let port = own.rsplit(':').next().expect("a port");
        assert!(config.common().ops.listen.to_string().ends_with(port), "{} keeps its port", role.name);
        assert!(config.common().nats.nkey.is_some(), "{} is somebody", role.name);
        seen += 1;
    }
    let samples = fs::read_dir(root().join("deploy")).expect("deploy is there");
    let samples =
        samples.filter(|f| f.as_ref().is_ok_and(|f| f.path().extension().is_some_and(|e| e == "toml")));
    assert_eq!(samples.count(), seen, "every sample is somebody's");
}

#[test]
fn every_role_takes_its_own_defaults_and_says_so_in_its_help() {
    for role in sampled() {
        host::command(role).debug_assert();
        let required = role.keys.iter().filter(|key| key.default.is_none() && !key.optional);
        let mut flags: Vec<(String, String)> =
            required.map(|key| (format!("{}.{}", role.name, key.name), "1".to_owned())).collect();
        flags.push(("force".to_owned(), "kent".to_owned()));
        Config::gather(role, Given { flags, ..Given::default() })
            .unwrap_or_else(|e| panic!("{}: {e}", role.name));
        assert!(host::ROLES.contains(&role.name));
    }
}

#[test]
fn compose_runs_every_role_and_each_has_a_health_check_of_its_own() {
    let compose = compose();
    let services = services(&compose);
    let mut one_machine: Vec<&str> = ROLES.iter().map(|role| role.name).chain(["nats"]).collect();
    one_machine.sort_unstable();
    assert_eq!(with_profile(&services, None), one_machine, "the roles, and the broker");
    let cluster = [
        "hub",
        "hub-1",
        "hub-2",
        "hub-3",
        "nats-cumbria",
        "recorder-2",
        "recorder-cumbria",
        "recorder-cumbria-2",
    ];
    assert_eq!(with_profile(&services, Some("cluster")), cluster);
    for (name, service) in &services {
        let check = texts(&service["healthcheck"]["test"]);
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        match service["build"]["target"].as_str() {
            Some(role) => assert_eq!(check[..3], ["CMD", role, "healthcheck"], "{name}"),
            None => assert_eq!(check[..2], ["CMD", "wget"], "{name} is a broker"),
        }
    }
    for role in ROLES {
        assert_eq!(services[role.name]["build"]["target"], role.name);
    }
}

#[test]
fn only_recorders_have_the_signing_key_and_a_ledger_each_its_own() {
    let compose = compose();
    let services = services(&compose);
    let recorders = ["recorder", "recorder-2", "recorder-cumbria", "recorder-cumbria-2"];
    let holders = |called: &str| -> Vec<(&str, &str)> {
        let of = |service| secrets(service).into_iter().find(|(_, target)| *target == called);
        services.iter().filter_map(|(name, service)| Some((*name, of(service)?.0))).collect()
    };
    let logs = ["log.key", "log.key", "cumbria-log.key", "cumbria-log.key"];
    assert_eq!(holders("log.key"), recorders.into_iter().zip(logs).collect::<Vec<_>>());
    let own: BTreeMap<&str, &str> =
        holders("recorder.key").into_iter().map(|(name, key)| (key, name)).collect();
    assert_eq!(own.len(), recorders.len(), "each recorder has a key of its own: {own:?}");
    let mut ledgers: Vec<&str> = Vec::new();
    for (name, service) in &services {
        let here = texts(&service["volumes"]).into_iter().filter(|volume| volume.contains("/ledger"));
        ledgers.extend(here.inspect(|_| assert!(recorders.contains(name), "{name}")));
        let folder = service["volumes"].to_string();
        assert!(!folder.contains("own/keys") && !folder.contains("/keys:"), "{name} has a folder of keys");
        for (_, target) in secrets(service).into_iter().filter(|(_, target)| target.ends_with(".nk")) {
            let role = service["build"]["target"].as_str().expect("brokers have no secrets");
            assert_eq!(target, format!("{role}.nk"), "{name}: a service is nobody but itself");
        }
        assert!(!service.to_string().contains("environment"), "{name}: what is secret would end up there");
    }
    ledgers.sort_unstable();
    ledgers.dedup();
    assert_eq!(ledgers.len(), recorders.len(), "{ledgers:?}");
}

#[test]
fn every_file_that_compose_names_exists_or_is_made_by_the_steps_that_are_written_down() {
    let compose = compose();
    let steps = fs::read_to_string(root().join("deploy/README.md")).expect("deploy/README.md is there");
    let mut named: Vec<String> = Vec::new();
    for service in services(&compose).values() {
        named.extend(texts(&service["volumes"]).iter().filter_map(|v| Some(v.split_once(':')?.0.to_owned())));
    }
    let made = compose["secrets"].as_object().expect("secrets");
    named.extend(made.values().filter_map(|s| s["file"].as_str().map(str::to_owned)));
    let volumes = compose["volumes"].as_object().expect("volumes");
    for path in named.iter().filter(|path| !volumes.contains_key(path.as_str())) {
        match path.strip_prefix(MADE) {
            Some(own) => {
                let folder = own.split('/').next().expect("a name");
                assert!(steps.contains(&format!("deploy/own/{folder}")), "no step makes {path}");
            }
            None => assert!(root().join(path).is_file(), "{path} is not there"),
        }
    }
    let services = services(&compose);
    let used: BTreeSet<&str> = services
        .values()
        .flat_map(|service| secrets(service).into_iter().map(|(source, _)| source))
        .collect();
    let known: BTreeSet<&str> = made.keys().map(String::as_str).collect();
    assert_eq!(used, known, "what is a secret is somebody's");
}

#[test]
fn images_are_pinned_and_no_monitor_is_published() {
    let compose = compose();
    let pinned = |image: &str| {
        image.split_once('@').is_some_and(|(name, digest)| {
            name.contains(':') && digest.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64)
        })
    };
    for (name, service) in services(&compose) {
        if let Some(image) = service["image"].as_str() {
            assert!(pinned(image), "{name}: {image}");
        }
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:") && port.ends_with(":4222"), "{name} publishes {port}");
        }
    }
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).expect("Dockerfile is there");
    let mut targets = Vec::new();
    for line in dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")) {
        let (from, name) = line.split_once(" AS ").expect("every stage has a name");
        assert!(pinned(from) || targets.contains(&from), "{line}");
        targets.push(name);
    }
    for role in sampled() {
        assert!(targets.contains(&role.name), "no image of {}", role.name);
        let check = format!("CMD [\"{0}\", \"healthcheck\"]", role.name);
        assert!(dockerfile.contains(&check), "{check}");
    }
    assert!(dockerfile.contains("\nUSER 65532:65532\n"));
}
