//! The deployment, as far as reading can hold it: no container engine runs here.

use std::collections::BTreeMap;
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

fn services(compose: &Value) -> BTreeMap<&str, &Value> {
    let map = compose["services"].as_object().expect("services");
    map.iter().map(|(name, service)| (name.as_str(), service)).collect()
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
    assert_eq!(services.len(), ROLES.len() + 1, "the roles, and the broker");
    for (name, service) in &services {
        assert!(!texts(&service["healthcheck"]["test"]).is_empty(), "{name} has no health check");
        assert_eq!(texts(&service["cap_drop"]).len() + usize::from(service.get("<<").is_some()), 1, "{name}");
    }
    for role in ROLES {
        let service = services[role.name];
        let check = texts(&service["healthcheck"]["test"]);
        assert_eq!(check[..3], ["CMD", role.name, "healthcheck"], "{}", role.name);
        assert_eq!(service["build"]["target"], role.name);
    }
}

#[test]
fn only_the_recorder_has_the_signing_key_and_the_ledger() {
    let compose = compose();
    let holders = |what: &str, of: &dyn Fn(&Value) -> String| -> Vec<String> {
        services(&compose)
            .into_iter()
            .filter(|(_, s)| of(s).contains(what))
            .map(|(n, _)| n.to_owned())
            .collect()
    };
    assert_eq!(holders("log.key", &|s| s["secrets"].to_string()), ["recorder"]);
    assert_eq!(holders("own/ledger", &|s| s["volumes"].to_string()), ["recorder"]);
    assert!(holders("own/keys", &|s| s.to_string()).is_empty(), "the folder of keys is nobody's");
    for (name, service) in services(&compose) {
        for secret in texts(&service["secrets"]).into_iter().filter(|s| s.ends_with(".nk")) {
            assert_eq!(secret, format!("{name}.nk"), "a service is nobody but itself");
        }
        assert!(!service.to_string().contains("environment"), "{name}: what is secret would end up there");
    }
}

#[test]
fn every_file_that_compose_names_exists_or_is_made_by_the_steps_that_are_written_down() {
    let compose = compose();
    let steps = fs::read_to_string(root().join("deploy/README.md")).expect("deploy/README.md is there");
    let mut named: Vec<String> = Vec::new();
    for service in services(&compose).values() {
        named.extend(texts(&service["volumes"]).iter().filter_map(|v| Some(v.split_once(':')?.0.to_owned())));
    }
    let secrets = compose["secrets"].as_object().expect("secrets");
    named.extend(secrets.values().filter_map(|s| s["file"].as_str().map(str::to_owned)));
    let volumes = compose["volumes"].as_object().expect("volumes");
    for path in named.iter().filter(|path| !volumes.contains_key(path.as_str())) {
        match path.strip_prefix(MADE) {
            Some(made) => {
                let folder = made.split('/').next().expect("a name");
                assert!(steps.contains(&format!("deploy/own/{folder}")), "no step makes {path}");
            }
            None => assert!(root().join(path).is_file(), "{path} is not there"),
        }
    }
    let used: Vec<&str> = services(&compose).values().flat_map(|s| texts(&s["secrets"])).collect();
    for secret in &used {
        assert!(secrets.contains_key(*secret), "{secret} is no secret");
    }
    assert_eq!(used.len(), secrets.len(), "each secret is one service's");
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
            assert_eq!(port, "127.0.0.1:4222:4222", "{name} publishes {port}");
        }
    }
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).expect("Dockerfile is there");
    let mut targets = Vec::new();
    for line in dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")) {
        let (from, name) = line.split_once(" AS ").expect("every stage has a name");
        assert!(pinned(from) || targets.contains(&from), "{line}");
        targets.push(name);
    }
    for role in ROLES {
        assert!(targets.contains(&role.name), "no image of {}", role.name);
        let check = format!("CMD [\"{0}\", \"healthcheck\"]", role.name);
        assert!(dockerfile.contains(&check), "{check}");
    }
    assert!(dockerfile.contains("\nUSER 65532:65532\n"));
}
