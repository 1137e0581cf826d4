//! Giving a stream one more message.

use std::error::Error;

use async_nats::jetstream::context::{PublishError as NatsError, PublishErrorKind as Kind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{Error as ApiError, ErrorCode};

use super::{JetStream, to_nats};
use crate::bus::error::PublishError;
use crate::bus::message::{EXPECTED_LAST_ID, Outgoing, Stored};

/// "maximum bytes exceeded" and its like, the description of an error code that also means broken disks.
const FULL: &str = "maximum";

impl JetStream {
    pub(in crate::bus) async fn publish(&self, message: Outgoing) -> Result<Stored, PublishError> {
        let Outgoing { subject, id, headers, payload, expect_last } = message;
        // A server that was killed compares it again when it replays its log, with what it remembers then; where that
        // differs it writes nothing to its copy any more, and no election or restart mends it (2.15.1, three copies).
        let headers = to_nats(&headers.without(EXPECTED_LAST_ID));
        let mut publish = PublishMessage::build().payload(payload).headers(headers).message_id(id);
        if let Some(sequence) = expect_last {
            publish = publish.expected_last_sequence(sequence);
        }
        let acknowledged = async { self.context.send_publish(subject.clone(), publish).await?.await };
        let result = self.unless_denied(|denied| denied == subject, acknowledged).await;
        match result {
            Ok(Ok(ack)) => {
                Ok(Stored { stream: ack.stream, sequence: ack.sequence, duplicate: ack.duplicate })
            }
            Ok(Err(e)) => Err(translate(&e, expect_last)),
            Err(denied) => Err(PublishError::Refused(denied.sentence())),
        }
    }
}

fn translate(error: &NatsError, expect_last: Option<u64>) -> PublishError {
    let api = error.source().and_then(|source| source.downcast_ref::<ApiError>());
    let code = api.map(ApiError::error_code);
    let text = || api.map_or_else(|| error.to_string(), ToString::to_string);
    match (error.kind(), code) {
        (Kind::WrongLastSequence | Kind::WrongLastMessageId, _)
        | (_, Some(ErrorCode::STREAM_WRONG_LAST_SEQUENCE | ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT)) => {
            PublishError::Fenced { expected: expect_last.unwrap_or_default() }
        }
        (Kind::MaxPayloadExceeded, _) | (_, Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM)) => {
            PublishError::Refused(text())
        }
        (_, Some(ErrorCode::STREAM_STORE_FAILED)) if text().contains(FULL) => PublishError::Full(text()),
        (_, Some(ErrorCode::INSUFFICIENT_RESOURCES)) => PublishError::Full(text()),
        // "No stream found" is the answer while a stream elects its leader, too.
        _ => PublishError::Unknown(text()),
    }
}
