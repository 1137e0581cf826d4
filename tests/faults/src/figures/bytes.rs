//! What is on disks and went over the link.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Nation;

/// Bytes of one force so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bytes {
    ledger: u64,
    sealed: u64,
    inbox: u64,
    payload: u64,
    at_hub: u64,
    hub_server: u64,
    mirror: u64,
    link: (u64, u64),
}

impl Bytes {
    pub(super) fn of(nation: &Nation, at: usize) -> Bytes {
        let (scene, hub) = (&nation.forces[at], &nation.hub.nodes[0]);
        let (server, stream) = (&scene.servers.nodes[0], scene.force.sealed_log().name);
        Bytes {
            ledger: folder(&scene.seats[0].ledger),
            sealed: below(server.folder(), &stream),
            inbox: below(server.folder(), &scene.force.inbox().name),
            payload: server.copy(&stream).map_or(0, |copy| copy.bytes),
            at_hub: below(hub.folder(), &stream),
            hub_server: folder(hub.folder()),
            mirror: 0,
            link: nation.links[at].bytes(),
        }
    }

    pub(super) fn with_mirror(self, mirror: &Path) -> Bytes {
        Bytes { mirror: folder(mirror), ..self }
    }

    /// What each entry came to.
    pub(super) fn table(&self, before: &Bytes, entries: u64) -> String {
        let each = |now: u64, before: u64| now.saturating_sub(before) / entries;
        let rows = [
            ("the recorder's ledger", self.ledger, before.ledger),
            ("the sealed stream at the force: its files", self.sealed, before.sealed),
            ("the same, as the server counts messages", self.payload, before.payload),
            ("the inbox's files, emptied as they are", self.inbox, before.inbox),
            ("the copy at one server of the hub: its files", self.at_hub, before.at_hub),
            ("all files of that server, its log of operations included", self.hub_server, before.hub_server),
            ("the hub's mirror", self.mirror, before.mirror),
            ("over the link, to the hub", self.link.0, before.link.0),
            ("over the link, back", self.link.1, before.link.1),
        ];
        let mut text = String::from("| Bytes an entry | |\n|---|---|\n");
        for (what, now, before) in rows {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "| {what} | {} |", each(now, before));
        }
        text
    }
}

/// The files in folders of this name.
fn below(dir: &Path, name: &str) -> u64 {
    let items = fs::read_dir(dir).into_iter().flatten().flatten().filter(|item| item.path().is_dir());
    items
        .map(|item| if item.file_name() == name { folder(&item.path()) } else { below(&item.path(), name) })
        .sum()
}

fn folder(dir: &Path) -> u64 {
    let items = fs::read_dir(dir).into_iter().flatten().flatten();
    let size = |item: fs::DirEntry| match item.path() {
        path if path.is_dir() => folder(&path),
        _ => item.metadata().map_or(0, |metadata| metadata.len()),
    };
    items.map(size).sum()
}
