//! Making streams and ways out of them, and erasing.

use serde_json::{Value, json};

use super::JetStream;
use super::streams::is_api;
use crate::bus::error::BusError;
use crate::bus::gate;
use crate::bus::stream::{Keeps, Outlet, Source, StreamSpec};

/// The server says so often that an outlet is still there when nothing else goes out.
const HEARTBEAT_NANOSECONDS: u64 = 1_000_000_000;

/// Messages that an outlet may have out without having heard that they arrived.
const OUT: u32 = 1_000;

impl JetStream {
    /// Making is tried first: only the provisioning identity may, and it learns at once.
    pub(in crate::bus) async fn ensure(&self, spec: &StreamSpec) -> Result<(), BusError> {
        let streams = self.streams();
        let (verb, body) = (format!("STREAM.CREATE.{}", spec.name), config(spec));
        let made = streams.api(&verb, Some(&body));
        match self.unless_denied(is_api, made).await? {
            Ok(_) => {}
            // A stream with other settings: the gate says which.
            Err(BusError::Refused(why)) => {
                if let Err(BusError::NoStream(_)) = streams.info(&spec.name).await {
                    return Err(BusError::Refused(why));
                }
            }
            Err(other) => return Err(other),
        }
        let info = streams.info(&spec.name).await?;
        let complaints = gate::stream(spec, &info["config"]);
        if complaints.is_empty() {
            return Ok(());
        }
        let sentences: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        Err(BusError::Refused(sentences.join("; ")))
    }

    /// With the same settings a reader that is there stays as it is, and where it is.
    pub(in crate::bus) async fn ensure_outlet(&self, outlet: &Outlet) -> Result<(), BusError> {
        let streams = self.streams();
        let verb = format!("CONSUMER.CREATE.{}.{}.{}", outlet.stream, outlet.name, outlet.subject);
        let body = reader(outlet);
        let made = streams.api(&verb, Some(&body));
        self.unless_denied(is_api, made).await?.map(|_| ())
    }

    pub(in crate::bus) async fn erase(&self, stream: &str, sequence: u64) -> Result<(), BusError> {
        let (streams, body) = (self.streams(), json!({ "seq": sequence, "no_erase": false }));
        let verb = format!("STREAM.MSG.DELETE.{stream}");
        let erased = streams.api(&verb, Some(&body));
        match self.unless_denied(is_api, erased).await? {
            // Servers and clusters say "not there" in different words.
            Err(BusError::Refused(why)) => match streams.message(stream, sequence).await? {
                None => Ok(()),
                Some(_) => Err(BusError::Refused(why)),
            },
            other => other.map(|_| ()),
        }
    }
}

/// A stream's configuration as JetStream wants it. Nothing in it may delete, rewrite or expire a message, save where
/// that is what the stream is for.
fn config(spec: &StreamSpec) -> Value {
    let (retention, age) = match spec.keeps {
        Keeps::UntilTaken => ("workqueue", 0),
        Keeps::Everything => ("limits", 0),
        Keeps::AtMost(age) => ("limits", gate::nanoseconds(age)),
    };
    json!({
        "name": spec.name,
        "subjects": spec.subjects,
        "retention": retention,
        "storage": "file",
        "discard": "new",
        "max_age": age,
        "max_msgs": -1,
        "max_msgs_per_subject": -1,
        "max_bytes": spec.max_bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        "max_msg_size": spec.max_message_bytes,
        "max_consumers": -1,
        "num_replicas": spec.replicas,
        "duplicate_window": gate::nanoseconds(spec.duplicate_window),
        "deny_delete": age == 0,
        "deny_purge": true,
        "allow_direct": false,
        "sources": spec.source.iter().map(source).collect::<Vec<_>>(),
    })
}

fn source(from: &Source) -> Value {
    json!({
        "name": from.stream,
        "external": { "api": from.api },
        "consumer": { "name": from.outlet, "deliver_subject": from.deliver },
    })
}

fn reader(outlet: &Outlet) -> Value {
    json!({
        "stream_name": outlet.stream,
        "config": {
            "name": outlet.name,
            "durable_name": outlet.name,
            "filter_subject": outlet.subject,
            "deliver_subject": outlet.deliver,
            "deliver_policy": "all",
            "replay_policy": "instant",
            // Whoever takes says by the flow control what it has stored; what it has not comes again.
            "ack_policy": "flow_control",
            "flow_control": true,
            "idle_heartbeat": HEARTBEAT_NANOSECONDS,
            "max_ack_pending": OUT,
            "max_deliver": -1,
        },
    })
}
