//! The start gate: whether a stream and its server are such that we may rely on them, and why not.
//!
//! A stream that expires, rolls up or throws away old messages loses statements that nobody has recorded yet;
//! a server that does not sync every write loses acknowledged ones in a power cut (its default is to sync
//! every two minutes).

use std::time::Duration;

use serde_json::Value;

use super::stream::{Complaint, Keeps, StreamSpec};

/// What is wrong with a stream, given its configuration as the server tells it.
pub(super) fn stream(spec: &StreamSpec, config: &Value) -> Vec<Complaint> {
    let name = &spec.name;
    let number = |key: &str| config[key].as_i64().unwrap_or_default();
    let is = |key: &str| config[key].as_bool().unwrap_or_default();
    let retention = match spec.keeps {
        Keeps::UntilTaken => "workqueue",
        Keeps::Everything => "limits",
    };
    let subjects: Vec<&str> =
        config["subjects"].as_array().into_iter().flatten().flat_map(Value::as_str).collect();
    let limited = number("max_bytes") > 0 || number("max_msgs") > 0 || number("max_msgs_per_subject") > 0;
    let window = u64::try_from(number("duplicate_window")).unwrap_or_default();
    let checks: &[(bool, &'static str, String)] = &[
        (
            subjects == spec.subjects,
            "subjects",
            format!("{name} keeps {subjects:?}, not {:?}", spec.subjects),
        ),
        (config["retention"] == retention, "retention", format!("{name} is not a \"{retention}\" stream")),
        (config["storage"] == "file", "storage", format!("{name} is kept in memory: a restart loses it")),
        (
            number("max_age") == 0,
            "max_age",
            format!("{name} throws messages away when they are old (max_age)"),
        ),
        (
            config["discard"] != "old" || !limited,
            "discard",
            format!("{name} throws old messages away when it is full (discard: old)"),
        ),
        (is("deny_delete"), "deny_delete", format!("messages of {name} can be deleted (deny_delete is off)")),
        (is("deny_purge"), "deny_purge", format!("{name} can be purged (deny_purge is off)")),
        (
            config["persist_mode"] != "async",
            "persist_mode",
            format!("{name} acknowledges before it writes (persist_mode: async)"),
        ),
        (!is("allow_msg_ttl"), "allow_msg_ttl", format!("messages of {name} may expire (allow_msg_ttl)")),
        (!is("allow_rollup_hdrs"), "allow_rollup_hdrs", format!("a message may roll up {name}")),
        (!is("allow_msg_schedules"), "allow_msg_schedules", format!("{name} rewrites messages (schedules)")),
        (!is("allow_msg_counter"), "allow_msg_counter", format!("{name} rewrites messages (counters)")),
        (!is("no_ack"), "no_ack", format!("{name} acknowledges nothing (no_ack)")),
        (!is("sealed"), "sealed", format!("{name} takes no more messages (sealed)")),
        (
            number("max_msg_size") <= 0 || number("max_msg_size") >= spec.max_message_bytes as i64,
            "max_msg_size",
            format!("{name} takes messages of {} bytes only", number("max_msg_size")),
        ),
        (
            Duration::from_nanos(window) >= spec.duplicate_window,
            "duplicate_window",
            format!("{name} remembers ids for {:?} only", Duration::from_nanos(window)),
        ),
        (
            number("num_replicas") >= spec.replicas as i64,
            "num_replicas",
            format!("{name} has {} copies, not {}", number("num_replicas"), spec.replicas),
        ),
    ];
    let wrong = checks.iter().filter(|(right, _, _)| !right);
    wrong.map(|(_, setting, sentence)| Complaint { setting, sentence: sentence.clone() }).collect()
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
    fn a_server_that_does_not_sync_or_does_not_say_is_complained_about() {
        let says =
            |always: bool| json!({"server": {"name": "n1"}, "data": {"config": {"sync_always": always}}});
        assert_eq!(servers(Ok(vec![says(true), says(true)])), []);
        let found = servers(Ok(vec![says(true), says(false)]));
        assert!(found[0].sentence.contains("the server n1 acknowledges messages before"));
        assert!(servers(Err("this account may not ask".to_owned()))[0].sentence.contains("import"));
    }
}
