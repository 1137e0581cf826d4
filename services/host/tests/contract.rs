//! The contract of the bus, which every implementation passes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod contract {
    pub(crate) mod cases;
}

use std::time::Duration;

use contract::cases;
use host::bus::{Bus, Connection, PublishFault};

/// Each case, once for each implementation.
macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        mod in_process {
            $(#[tokio::test]
            async fn $case() {
                super::cases::$case(super::in_process().await).await;
            })*
        }

        mod jetstream {
            $(#[tokio::test]
            async fn $case() {
                let Some(server) = brokers::Server::start() else { return };
                super::cases::$case(super::jetstream(&server).await).await;
            })*
        }
    };
}

contract!(
    what_is_published_is_delivered_in_order_until_acknowledged,
    what_is_not_acknowledged_comes_again,
    a_reader_made_anew_gets_at_once_what_was_out,
    what_is_put_off_comes_again_and_what_is_given_up_does_not,
    a_reader_gets_no_more_than_it_may_have_in_flight,
    the_same_id_is_stored_once,
    an_id_is_forgotten_after_its_window,
    the_fence_refuses_whoever_believes_in_an_older_end,
    a_follower_sees_every_message_once_and_in_order,
    a_message_is_read_back_as_it_was_sent,
    a_message_that_is_too_large_is_refused,
    a_full_queue_says_so,
    what_can_be_erased_is_found_by_its_subject_and_goes,
    what_is_old_goes_where_it_may_not_stay,
    what_is_told_is_heard_by_those_who_listen,
    a_request_is_answered_refused_or_nobody_is_there,
    a_survey_finds_services_and_what_they_did,
    draining_ends_everything,
);

#[tokio::test]
async fn the_id_of_the_last_message_is_compared_in_process() {
    cases::the_id_of_the_last_message_is_kept_and_compared_in_process(in_process().await, true).await;
}

#[tokio::test]
async fn the_id_of_the_last_message_is_never_sent_to_a_server() {
    let Some(server) = brokers::Server::start() else { return };
    let bus = jetstream(&server).await;
    cases::the_id_of_the_last_message_is_kept_and_compared_in_process(bus, false).await;
}

/// The one case that needs a broker to fall silent.
#[tokio::test]
async fn an_unknown_outcome_is_made_known_by_sending_again() {
    let (bus, faults) = Bus::in_process_with_faults();
    cases::provision(&bus).await;
    faults.on_publish("ev.>", PublishFault::StoredButUnknown, 1);
    cases::an_unknown_outcome_is_made_known_by_sending_again(bus, async || {}).await;

    let Some(mut server) = brokers::Server::start() else { return };
    let bus = jetstream(&server).await;
    server.pause();
    let wake = async || {
        tokio::time::sleep(Duration::from_secs(2)).await;
        server.resume();
    };
    cases::an_unknown_outcome_is_made_known_by_sending_again(bus, wake).await;
}

async fn in_process() -> Bus {
    let bus = Bus::in_process();
    cases::provision(&bus).await;
    bus
}

async fn jetstream(server: &brokers::Server) -> Bus {
    let settings = Connection { ack_timeout_ms: 1_000, ..Connection::to(server.url(), "contract") };
    let bus = Bus::connect(&settings).await.unwrap();
    bus.connected(Duration::from_secs(5)).await.unwrap();
    cases::provision(&bus).await;
    bus
}
