//! The start gate: whether a stream and its server are such that we may rely on them, and why not.
//!
//! A stream that expires, rolls up or throws away old messages loses statements that nobody has recorded yet;
//! a server that does not sync every write loses acknowledged ones in a power cut (its default is to sync
//! every two minutes).

mod copies;

use std::time::Duration;

pub(super) use copies::copies;
use serde_json::Value;

use super::stream::{Complaint, Keeps, StreamSpec};

/// What is wrong with a stream, given its configuration as the server tells it.
pub(super) fn stream(spec: &StreamSpec, config: &Value) -> Vec<Complaint> {
    let checks = [kind(spec, config), lasting(spec, config), unchanged(spec, config), size(spec, config)];
    let wrong = checks.into_iter().flatten().filter(|(right, _, _)| !right);
    wrong.map(|(_, setting, sentence)| Complaint { setting, sentence }).collect()
}

/// Whether it is right, which setting that is about, and what to say when it is not.
type Check = (bool, &'static str, String);

fn number(config: &Value, key: &str) -> i64 {
    config[key].as_i64().unwrap_or_default()
}

fn is(config: &Value, key: &str) -> bool {
    config[key].as_bool().unwrap_or_default()
}

/// What it keeps, where that comes from, and how.
fn kind(spec: &StreamSpec, config: &Value) -> Vec<Check> {
    let name = &spec.name;
    let retention = match spec.keeps {
        Keeps::UntilTaken => "workqueue",
        Keeps::Everything | Keeps::AtMost(_) => "limits",
    };
    let subjects: Vec<&str> =
        config["subjects"].as_array().into_iter().flatten().flat_map(Value::as_str).collect();
    vec![
        (
            subjects == spec.subjects,
            "subjects",
            format!("{name} keeps {subjects:?}, not {:?}", spec.subjects),
        ),
        (takes_as_it_should(spec, config), "sources", source_sentence(spec)),
        (config["retention"] == retention, "retention", format!("{name} is not a \"{retention}\" stream")),
        (config["storage"] == "file", "storage", format!("{name} is kept in memory: a restart loses it")),
        (
            config["persist_mode"] != "async",
            "persist_mode",
            format!("{name} acknowledges before it writes (persist_mode: async)"),
        ),
        (!is(config, "no_ack"), "no_ack", format!("{name} acknowledges nothing (no_ack)")),
        (!is(config, "sealed"), "sealed", format!("{name} takes no more messages (sealed)")),
    ]
}

/// One source as described, or none; a mirror is never ours.
fn takes_as_it_should(spec: &StreamSpec, config: &Value) -> bool {
    let found: Vec<&Value> = config["sources"].as_array().into_iter().flatten().collect();
    let right = match (&spec.source, &found[..]) {
        (None, []) => true,
        (Some(from), [one]) => {
            one["name"] == from.stream
                && one["external"]["api"] == from.api
                && one["consumer"]["name"] == from.outlet
                && one["consumer"]["deliver_subject"] == from.deliver
        }
        _ => false,
    };
    right && config["mirror"].is_null()
}

fn source_sentence(spec: &StreamSpec) -> String {
    let name = &spec.name;
    match &spec.source {
        None => format!("{name} takes messages from another stream, past whoever may publish to it"),
        Some(from) => format!(
            "{name} does not take from {} by the outlet {} of {}, and from that alone",
            from.stream, from.outlet, from.api
        ),
    }
}

/// Nothing goes before its time, and what has to be able to go can.
fn lasting(spec: &StreamSpec, config: &Value) -> Vec<Check> {
    let name = &spec.name;
    let limited = ["max_bytes", "max_msgs", "max_msgs_per_subject"].iter().any(|key| number(config, key) > 0);
    let mut checks = vec![
        (
            config["discard"] != "old" || !limited,
            "discard",
            format!("{name} throws old messages away when it is full (discard: old)"),
        ),
        (is(config, "deny_purge"), "deny_purge", format!("{name} can be purged (deny_purge is off)")),
    ];
    match spec.keeps {
        Keeps::AtMost(age) => checks.extend([
            (
                number(config, "max_age") > 0 && number(config, "max_age") as u64 <= nanoseconds(age),
                "max_age",
                format!("{name} keeps what can be erased for longer than {} days", age.as_secs() / 86_400),
            ),
            (
                !is(config, "deny_delete"),
                "deny_delete",
                format!("nothing can be erased from {name} (deny_delete is on)"),
            ),
        ]),
        Keeps::UntilTaken | Keeps::Everything => checks.extend([
            (
                number(config, "max_age") == 0,
                "max_age",
                format!("{name} throws messages away when they are old (max_age)"),
            ),
            (
                is(config, "deny_delete"),
                "deny_delete",
                format!("messages of {name} can be deleted (deny_delete is off)"),
            ),
        ]),
    }
    checks
}

/// Nothing is rewritten, and nothing goes by itself.
fn unchanged(spec: &StreamSpec, config: &Value) -> Vec<Check> {
    let name = &spec.name;
    vec![
        (
            !is(config, "allow_msg_ttl"),
            "allow_msg_ttl",
            format!("messages of {name} may expire (allow_msg_ttl)"),
        ),
        (!is(config, "allow_rollup_hdrs"), "allow_rollup_hdrs", format!("a message may roll up {name}")),
        (
            !is(config, "allow_msg_schedules"),
            "allow_msg_schedules",
            format!("{name} rewrites messages (schedules)"),
        ),
        (
            !is(config, "allow_msg_counter"),
            "allow_msg_counter",
            format!("{name} rewrites messages (counters)"),
        ),
    ]
}

/// Large enough, remembered for long enough, and often enough.
fn size(spec: &StreamSpec, config: &Value) -> Vec<Check> {
    let name = &spec.name;
    let largest = number(config, "max_msg_size");
    let window = Duration::from_nanos(u64::try_from(number(config, "duplicate_window")).unwrap_or_default());
    vec![
        (
            largest <= 0 || largest >= spec.max_message_bytes as i64,
            "max_msg_size",
            format!("{name} takes messages of {largest} bytes only"),
        ),
        (
            window >= spec.duplicate_window,
            "duplicate_window",
            format!("{name} remembers ids for {window:?} only"),
        ),
        (
            number(config, "num_replicas") >= spec.replicas as i64,
            "num_replicas",
            format!("{name} has {} copies, not {}", number(config, "num_replicas"), spec.replicas),
        ),
    ]
}

/// Nanoseconds, as JetStream counts time. Five hundred years are enough for ever.
pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What is wrong with the servers, given what each says of itself.
pub(super) fn servers(settings: Result<Vec<Value>, String>) -> Vec<Complaint> {
    let complaint = |sentence| Complaint { setting: "sync_interval", sentence };
    match settings {
        Ok(all) => all.iter().filter_map(lazy).map(complaint).collect(),
        Err(why) => vec![complaint(format!(
            "{why}, so nobody knows whether it syncs what it acknowledges: let the account import \
             $SYS.REQ.SERVER.PING.JSZ, as `scrutiny bus provision` writes it"
        ))],
    }
}

fn lazy(settings: &Value) -> Option<String> {
    if settings["data"]["config"]["sync_always"] == true {
        return None;
    }
    let name = settings["server"]["name"].as_str().unwrap_or("without a name");
    Some(format!(
        "the server {name} acknowledges messages before they are on disk: set `sync_interval: always` in its \
         jetstream block"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bus::names::Force;

    fn good() -> Value {
        json!({
            "subjects": ["ev.x.>"], "retention": "workqueue", "storage": "file", "discard": "new",
            "max_age": 0, "max_bytes": 1000, "deny_delete": true, "deny_purge": true,
            "duplicate_window": 120_000_000_000u64, "num_replicas": 1, "max_msg_size": 1 << 20,
        })
    }

    #[test]
    fn a_stream_as_provisioned_passes_and_each_dangerous_setting_is_named() {
        let spec = Force::parse("x").unwrap().inbox();
        assert_eq!(stream(&spec, &good()), []);
        for (key, value) in [
            ("subjects", json!(["ev.>"])),
            ("retention", json!("limits")),
            ("storage", json!("memory")),
            ("max_age", json!(1)),
            ("discard", json!("old")),
            ("deny_delete", json!(false)),
            ("deny_purge", json!(false)),
            ("persist_mode", json!("async")),
            ("allow_msg_ttl", json!(true)),
            ("allow_rollup_hdrs", json!(true)),
            ("allow_msg_schedules", json!(true)),
            ("allow_msg_counter", json!(true)),
            ("no_ack", json!(true)),
            ("sealed", json!(true)),
            ("max_msg_size", json!(1000)),
            ("duplicate_window", json!(1_000_000_000)),
            ("num_replicas", json!(0)),
        ] {
            let mut config = good();
            config[key] = value;
            let found: Vec<&str> = stream(&spec, &config).iter().map(|c| c.setting).collect();
            assert_eq!(found, [key]);
        }
    }

    #[test]
    fn what_can_be_erased_has_an_age_and_lets_itself_be_erased() {
        let spec = Force::parse("x").unwrap().addenda();
        let days = 24 * 60 * 60 * 1_000_000_000u64;
        let mut config = good();
        config["subjects"] = json!(["addenda.x.*"]);
        config["retention"] = json!("limits");
        config["deny_delete"] = json!(false);
        for (age, right) in [(30 * days, true), (days, true), (0, false), (31 * days, false)] {
            config["max_age"] = json!(age);
            assert_eq!(stream(&spec, &config).is_empty(), right, "{age}");
        }
        config["max_age"] = json!(days);
        config["deny_delete"] = json!(true);
        assert_eq!(stream(&spec, &config)[0].setting, "deny_delete");
    }

    #[test]
    fn a_stream_takes_from_where_it_should_and_from_nowhere_else() {
        let (inbox, hub) = (Force::parse("x").unwrap().inbox(), Force::parse("x").unwrap().sealed_at_hub());
        let source = json!({ "name": "SEALED_X", "external": { "api": "JS.x.API", "deliver": "" },
            "consumer": { "name": "hub", "deliver_subject": "deliver.x.sealed" } });
        let mut config = good();
        config["sources"] = json!([source]);
        assert_eq!(stream(&inbox, &config)[0].setting, "sources");
        (config["subjects"], config["retention"]) = (json!([]), json!("limits"));
        assert_eq!(stream(&hub, &config), []);
        for wrong in [json!([]), json!([source, source]), json!([{ "name": "SEALED_X" }])] {
            config["sources"] = wrong;
            assert_eq!(stream(&hub, &config)[0].setting, "sources");
        }
        config["sources"] = json!([source]);
        config["mirror"] = json!({ "name": "SEALED_Y" });
        assert_eq!(stream(&hub, &config)[0].setting, "sources");
    }

    #[test]
    fn a_server_that_does_not_sync_or_does_not_say_is_complained_about() {
        let says =
            |always: bool| json!({"server": {"name": "n1"}, "data": {"config": {"sync_always": always}}});
        assert_eq!(servers(Ok(vec![says(true), says(true)])), []);
        let found = servers(Ok(vec![says(true), says(false)]));
        assert!(found[0].sentence.contains("the server n1 acknowledges messages before"));
        assert!(servers(Err("this account may not ask".to_owned()))[0].sentence.contains("import"));
    }
}
