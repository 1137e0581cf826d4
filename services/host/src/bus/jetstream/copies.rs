//! What a stream's leader says of the servers that keep it.

use std::time::Duration;

use serde_json::Value;

use crate::bus::stream::{Copies, Copy, SourceSeen};

/// Reads the answer to a question about a stream.
pub(super) fn read(info: &Value) -> Copies {
    let cluster = &info["cluster"];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    Copies {
        leader: text(&cluster["leader"]).filter(|name| !name.is_empty()),
        followers: list(&cluster["replicas"]).iter().map(copy).collect(),
        source: list(&info["sources"]).first().map(source),
    }
}

fn copy(seen: &Value) -> Copy {
    Copy {
        server: text(&seen["name"]).unwrap_or_default(),
        is_current: seen["current"] == true,
        is_offline: seen["offline"] == true,
        lag: seen["lag"].as_u64().unwrap_or_default(),
        silent: Duration::from_nanos(seen["active"].as_u64().unwrap_or_default()),
    }
}

/// The server says -1 where it has heard nothing yet.
fn source(seen: &Value) -> SourceSeen {
    SourceSeen {
        stream: text(&seen["name"]).unwrap_or_default(),
        lag: seen["lag"].as_u64().unwrap_or_default(),
        silent: seen["active"].as_u64().map(Duration::from_nanos),
        problem: text(&seen["error"]["description"]),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_leader_its_followers_and_a_source_are_read() {
        let seen = read(&json!({
            "cluster": { "name": "hub", "leader": "hub-2", "replicas": [
                { "name": "hub-1", "current": true, "active": 1_000_000_000u64 },
                { "name": "hub-3", "current": false, "offline": true, "active": 0, "lag": 7 },
            ] },
            "sources": [ { "name": "SEALED_KENT", "lag": 3, "active": -1 } ],
        }));
        assert_eq!(seen.leader.as_deref(), Some("hub-2"));
        assert_eq!((seen.followers[0].is_current, seen.followers[0].silent), (true, Duration::from_secs(1)));
        assert_eq!((seen.followers[1].is_offline, seen.followers[1].lag), (true, 7));
        let source = seen.source.unwrap();
        assert_eq!((source.lag, source.silent), (3, None));
        assert_eq!(read(&json!({ "config": {} })), Copies::default());
    }
}
