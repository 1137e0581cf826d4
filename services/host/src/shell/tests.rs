use std::sync::Arc;

use super::*;
use crate::config::{Given, Key, Shape};
use crate::health::State;

static ROLE: Role = Role {
    name: "review",
    about: "For tests",
    defaults: &[("ops.listen", "127.0.0.1:0")],
    keys: &[Key::optional("mirror", Shape::Path, "A folder")],
};

fn host(board: &Board) -> Host {
    let flags = vec![("force".to_owned(), "kent".to_owned())];
    let config = Config::gather(&ROLE, Given { flags, ..Given::default() }).unwrap();
    Host::new(&ROLE, config, Bus::in_process(), Clock::system(), board, Stopping::new())
}

#[tokio::test]
async fn a_service_runs_until_it_is_asked_to_stop_and_finishes_what_it_has() {
    let host = host(&Board::default());
    let stopping = host.stopping.clone();
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let told = Arc::clone(&done);
    let service = tokio::spawn(host.run(move |host| async move {
        host.stopping.asked().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        told.store(true, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }));
    stopping.ask(Duration::from_secs(10));
    service.await.unwrap().unwrap();
    assert!(done.load(std::sync::atomic::Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_stop_is_stopped_when_its_time_is_up() {
    let board = Board::default();
    let host = host(&board);
    host.health.ready("work");
    host.stopping.ask(Duration::from_secs(3));
    let started = Instant::now();
    let outcome = host.run(|_| std::future::pending()).await;
    assert!(outcome.unwrap_err().to_string().contains("longer than stop.seconds"));
    assert_eq!(started.elapsed().as_secs(), 3);
    assert_eq!(board.roles()[0].state, State::Stopping);
}

#[tokio::test]
async fn a_panic_is_a_failure_like_any_other() {
    let outcome = host(&Board::default()).run(|_| async { panic!("of a test") }).await;
    assert!(outcome.unwrap_err().to_string().contains("ended early"));
}

#[tokio::test]
async fn a_halted_service_stays_up_and_says_why() {
    let board = Board::default();
    let host = host(&board);
    let stopping = host.stopping.clone();
    let service = tokio::spawn(host.run(|host| async move {
        host.halt("mirror", "entry 7 does not follow entry 6").await;
        Ok(())
    }));
    let address = serve_ops("127.0.0.1:0".parse().unwrap(), board.clone()).await.unwrap();
    while board.roles()[0].state != State::Halted {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let said = ask(address, "/readyz").await.unwrap_err();
    assert!(said.contains("mirror: entry 7 does not follow entry 6") && said.contains("halted"), "{said}");
    ask(address, "/livez").await.unwrap();
    assert!(!service.is_finished());
    stopping.ask(Duration::from_secs(1));
    service.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_survey_finds_a_role_with_its_health_and_what_it_says_besides() {
    let host = host(&Board::default());
    let _requests =
        host.bus.serve(host.service(&["submit"], || serde_json::json!({ "size": 7 }))).await.unwrap();
    host.health.waiting("mirror", "it catches up");
    let seen = host.bus.survey(Duration::from_millis(50)).await.unwrap();
    assert_eq!(
        (seen[0].name.as_str(), seen[0].endpoints[0].subject.as_str()),
        ("review", "svc.review.kent.submit")
    );
    assert_eq!(
        seen[0].figures,
        serde_json::json!({ "state": "waiting", "reasons": ["mirror: it catches up"], "size": 7 })
    );
}

#[tokio::test]
async fn pages_say_how_every_role_is_and_what_was_counted() {
    let board = Board::default();
    let health = board.role("review");
    let address = serve_ops("127.0.0.1:0".parse().unwrap(), board.clone()).await.unwrap();
    assert!(ask(address, "/readyz").await.unwrap_err().contains("it is starting"));
    health.ready("broker");
    assert!(ask(address, "/readyz").await.unwrap().contains("\"ready\":true"));
    health.turns("inbox", Duration::ZERO);
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert!(ask(address, "/livez").await.unwrap_err().contains("review: inbox"));
    count(&BusEvent::LameDuck);
    let figures = ask(address, "/metrics").await.unwrap();
    assert!(figures.contains("scrutiny_bus_events_total{kind=\"lame_duck\"} "), "{figures}");
    assert!(figures.contains("scrutiny_build_info"), "{figures}");
    assert!(ask(address, "/elsewhere").await.is_err());
}

#[tokio::test]
async fn slow_probes_wait_for_each_other_and_for_nobody_else() {
    let board = Board::default();
    board.role("review").ready("broker");
    let address = serve_ops("127.0.0.1:0".parse().unwrap(), board).await.unwrap();
    // Fewer than the places there are: they say nothing, and the next one is answered.
    let silent: Vec<_> = (0..8).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    ask(address, "/livez").await.unwrap();
    drop(silent);
}

async fn ask(address: std::net::SocketAddr, page: &'static str) -> Result<String, String> {
    tokio::task::spawn_blocking(move || probe::ask(address, page)).await.unwrap()
}
