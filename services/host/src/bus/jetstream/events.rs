//! What the client library says happened, in our words.

use async_nats::{ClientError, Event, ServerError};
use tokio::sync::broadcast;

use crate::bus::BusEvent;

pub(super) fn translate(event: Event) -> Option<BusEvent> {
    Some(match event {
        Event::Connected => BusEvent::Connected,
        Event::Disconnected => BusEvent::Disconnected,
        Event::LameDuckMode => BusEvent::LameDuck,
        Event::Closed => BusEvent::Closed,
        Event::Draining => return None,
        Event::SlowConsumer(sid) => BusEvent::SlowConsumer { subject: format!("subscription {sid}") },
        Event::ServerError(ServerError::AuthorizationViolation) => {
            BusEvent::Trouble("the broker does not accept our credentials".to_owned())
        }
        Event::ServerError(ServerError::SlowConsumer(sid)) => {
            BusEvent::SlowConsumer { subject: format!("subscription {sid}") }
        }
        Event::ServerError(ServerError::Other(text)) => match denied_subject(&text) {
            Some(subject) => BusEvent::Denied { subject },
            None => BusEvent::Trouble(text),
        },
        Event::ClientError(ClientError::Other(text)) => BusEvent::Trouble(trouble(&text)),
        Event::ClientError(other) => BusEvent::Trouble(other.to_string()),
    })
}

/// Ends when the broker has denied a subject that `of` knows. Never, once the bus is gone.
pub(super) async fn denied(events: &mut broadcast::Receiver<BusEvent>, of: impl Fn(&str) -> bool) -> String {
    loop {
        match events.recv().await {
            Ok(BusEvent::Denied { subject }) if of(&subject) => return subject,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Ends when the broker is there again. Never, once the bus is gone.
pub(super) async fn reconnected(events: &mut broadcast::Receiver<BusEvent>) {
    loop {
        match events.recv().await {
            Ok(BusEvent::Connected) => return,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// The server's sentence: `Permissions Violation for Publish to "ev.x"`, or `… for Subscription to "x"`,
/// perhaps with `using queue "q"` behind it.
fn denied_subject(text: &str) -> Option<String> {
    if !text.to_ascii_lowercase().contains("permissions violation") {
        return None;
    }
    text.split('"').nth(1).map(str::to_owned)
}

/// The library's words for why it could not connect, in ours.
fn trouble(text: &str) -> String {
    match text {
        "IO error" => "nobody listens there".to_owned(),
        "authorization violation" | "authentication error" => {
            "the broker does not accept our credentials".to_owned()
        }
        "TLS error" => {
            "no TLS connection could be made (is the broker's certificate one we trust?)".to_owned()
        }
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_denied_subject_is_read_from_the_servers_sentence() {
        for (text, subject) in [
            ("Permissions Violation for Publish to \"ev.x.review.k\"", Some("ev.x.review.k")),
            ("permissions violation for subscription to \"svc.>\" using queue \"q\"", Some("svc.>")),
            ("maximum payload violation", None),
        ] {
            assert_eq!(denied_subject(text).as_deref(), subject, "{text}");
        }
    }
}
