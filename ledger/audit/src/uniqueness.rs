//! Whether any statement id was used twice, over the whole ledger.

use std::io;

use ledger_core::ids::StatementId;

use crate::finding::{Code, Finding};
use crate::spill::{MEMORY_BYTES, Spill};

/// Every statement id and where it stands: `id[16] ‖ index u64 big-endian`.
pub(crate) struct Ids(Spill<24>);

impl Default for Ids {
    fn default() -> Self {
        Self(Spill::new(MEMORY_BYTES))
    }
}

impl Ids {
    pub(crate) fn add(&mut self, id: &StatementId, index: u64) -> io::Result<()> {
        let mut record = [0; 24];
        record[..16].copy_from_slice(id.as_bytes());
        record[16..].copy_from_slice(&index.to_be_bytes());
        self.0.push(record)
    }

    /// Tells of every entry whose statement stood in the ledger before.
    pub(crate) fn finish(self, mut tell: impl FnMut(Finding)) -> io::Result<()> {
        self.0.finish(|run| {
            let mut first = 0;
            for (i, record) in run.iter().enumerate() {
                let (id, index) = parts(record);
                if parts(&run[first]).0 != id {
                    first = i;
                } else if i != first {
                    tell(twice(id, parts(&run[first]).1, index));
                }
            }
        })
    }
}

fn parts(record: &[u8; 24]) -> (&[u8], u64) {
    let (id, index) = record.split_at(16);
    (id, u64::from_be_bytes(index.try_into().expect("24 bytes less 16 are 8")))
}

fn twice(id: &[u8], first: u64, index: u64) -> Finding {
    let id = StatementId::from_slice(id).map_or_else(|e| e.to_string(), |id| id.to_string());
    let sentence = format!("entry {index} holds statement {id}, which stands at entry {first} already");
    Finding::new(Code::IdTwice, sentence).at(index).about(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_repetition_names_the_first_place() {
        let id = |n: u8| {
            let mut bytes = [n; 16];
            (bytes[6], bytes[8]) = (0x70, 0x80);
            StatementId::from_slice(&bytes).unwrap()
        };
        let mut ids = Ids::default();
        for (index, n) in [1, 2, 3, 2, 4, 2].into_iter().enumerate() {
            ids.add(&id(n), index as u64).unwrap();
        }
        let mut found = Vec::new();
        ids.finish(|f| found.push(f)).unwrap();
        assert_eq!(found.iter().map(|f| f.index.unwrap().0).collect::<Vec<_>>(), [3, 5]);
        assert!(found.iter().all(|f| f.sentence.ends_with("at entry 1 already")), "{found:?}");
    }
}
