//! Several servers as one cluster.

use std::time::{Duration, Instant};

use crate::{Copy, Server};

/// An election takes some four seconds, a start on a slow machine a few more.
const SOON: Duration = Duration::from_secs(60);

/// How often it is looked again.
const LOOK: Duration = Duration::from_millis(50);

/// Servers that know each other, each in a folder of its own.
///
/// Whatever is done to one is done to `nodes[n]`. Waiting blocks the thread.
#[derive(Debug)]
pub struct Cluster {
    /// The servers, in the order of their configurations.
    pub nodes: Vec<Server>,
}

impl Cluster {
    /// One server for each configuration; ready when all of them know who leads. One alone is its own. `None`, said loudly, when there is no
    /// program. See [`Server::with_config`].
    ///
    /// # Panics
    /// When one does not start, or they do not find each other.
    pub fn start(configs: &[String]) -> Option<Cluster> {
        let nodes = configs.iter().map(|config| Server::with_config(config)).collect::<Option<_>>()?;
        let cluster = Cluster { nodes };
        cluster.until_ready();
        Some(cluster)
    }

    /// Where they listen.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.url().to_owned()).collect()
    }

    /// Waits until every server that runs knows who leads them all, and has what it keeps.
    ///
    /// # Panics
    /// When that takes more than a minute.
    pub fn until_ready(&self) {
        let begun = Instant::now();
        loop {
            let waiting = self
                .nodes
                .iter()
                .filter(|node| node.is_awake())
                .find(|node| !ready(node, self.nodes.len() == 1));
            let Some(node) = waiting else { return };
            assert!(begun.elapsed() < SOON, "{} does not get ready:\n{}", node.url(), node.log());
            std::thread::sleep(LOOK);
        }
    }

    /// Which server leads a stream, by its own word. `None` during an election.
    pub fn leader(&self, stream: &str) -> Option<usize> {
        let leads = |node: &Server| Some(node.copy(stream)?.leader == node.name());
        self.nodes.iter().position(|node| leads(node) == Some(true))
    }

    /// Waits until a server leads the stream.
    ///
    /// # Panics
    /// When none does within a minute.
    pub fn until_leader(&self, stream: &str) -> usize {
        self.until(stream, |cluster| cluster.leader(stream))
    }

    /// Waits until the servers that run hold the same of a stream, without gaps, and one of them leads it. Gives how many
    /// messages that are.
    ///
    /// # Panics
    /// When that takes more than a minute.
    pub fn until_equal(&self, stream: &str) -> u64 {
        self.until(stream, |cluster| {
            let leader = cluster.nodes[cluster.leader(stream)?].copy(stream)?;
            let mut awake = cluster.nodes.iter().filter(|node| node.is_awake());
            let same =
                |copy: Copy| (copy.messages, copy.last, copy.deleted) == (leader.messages, leader.last, 0);
            awake.all(|node| node.copy(stream).is_some_and(same)).then_some(leader.messages)
        })
    }

    /// What each server holds of a stream, by its own word; `None` of one that does not run.
    pub fn copies(&self, stream: &str) -> Vec<Option<Copy>> {
        self.nodes.iter().map(|node| node.copy(stream)).collect()
    }

    /// Kills all of them.
    pub fn kill(&mut self) {
        self.nodes.iter_mut().for_each(Server::kill);
    }

    /// Starts those that do not run where they were, and waits until all are ready.
    ///
    /// # Panics
    /// When one does not start.
    pub fn start_again(&mut self) {
        self.nodes.iter_mut().filter(|node| !node.is_awake()).for_each(Server::start_again);
        self.until_ready();
    }

    fn until<T>(&self, stream: &str, there: impl Fn(&Cluster) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = there(self) {
                return found;
            }
            assert!(begun.elapsed() < SOON, "{stream}: {:?}", self.copies(stream));
            std::thread::sleep(LOOK);
        }
    }
}

fn ready(node: &Server, alone: bool) -> bool {
    let leader =
        |jsz: &serde_json::Value| jsz["meta_cluster"]["leader"].as_str().is_some_and(|l| !l.is_empty());
    node.page("/jsz").is_some_and(|jsz| alone || leader(&jsz))
        && node.page("/healthz").is_some_and(|health| health["status"] == "ok")
}
