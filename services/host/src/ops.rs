//! Where a process is looked at from outside: `/livez`, `/readyz`, `/metrics`.
//!
//! | path | 200 | 503 |
//! |---|---|---|
//! | `/livez` | its loops turn | a loop is stuck, and which |
//! | `/readyz` | every role in it is ready | one is not, and why |
//! | `/metrics` | always | |
//!
//! It is for a probe on the same machine or the deployment's own network, and says nothing of any statement. It
//! answers GET, one request a connection, to a bounded number of connections, each for a bounded time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::health::{Board, State};
use crate::metrics;

/// Probes at once: a probe each second from a handful of places. Others wait in the system's queue.
const CONNECTIONS: usize = 16;

/// A whole connection, from accepting it to its last byte.
const CONNECTION: Duration = Duration::from_secs(10);

/// A bound address, not yet served.
pub(crate) struct Ops {
    listener: TcpListener,
    /// The address, with the port that was taken.
    pub(crate) address: SocketAddr,
}

impl Ops {
    pub(crate) async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Serves for as long as the process runs.
    pub(crate) async fn serve(self, board: Board) {
        let pages = pages(board);
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let place = Arc::clone(&room).acquire_owned().await.expect("nobody closes it");
            let connection = match self.listener.accept().await {
                Ok((connection, _)) => connection,
                Err(e) => {
                    // Out of file descriptors, mostly: the next attempt may find one.
                    tracing::warn!("a probe could not be taken: {e}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let pages = pages.clone();
            tokio::spawn(async move {
                let _ = tokio::time::timeout(CONNECTION, answer(connection, pages)).await;
                drop(place);
            });
        }
    }
}

async fn answer(connection: TcpStream, pages: Router) {
    // A probe that hangs up early is no news.
    let _ = hyper::server::conn::http1::Builder::new()
        .keep_alive(false)
        .serve_connection(TokioIo::new(connection), TowerToHyperService::new(pages))
        .await;
}

fn pages(board: Board) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(board)
}

async fn live(Shared(board): Shared<Board>) -> Response {
    let stuck = board.stuck();
    let code = if stuck.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({ "live": stuck.is_empty(), "stuck": stuck }))).into_response()
}

async fn ready(Shared(board): Shared<Board>) -> Response {
    let roles = board.roles();
    let ready = !roles.is_empty() && roles.iter().all(|role| role.state == State::Ready);
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({ "ready": ready, "roles": roles }))).into_response()
}

async fn figures() -> Response {
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (text, metrics::start().render()).into_response()
}
