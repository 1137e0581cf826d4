//! Several recorders of one ledger: which one leads.

use std::time::Instant;

use host::provision::Identity;
use ledger_core::ids::KeyId;
use ledger_core::sshsig::PublicKey;
use ledger_core::wire::Leading;

use crate::{Outcome, SETTLE, Scene};

impl Scene {
    /// Waits for a recorder that says it leads, in a later epoch than this. Gives its place, and its epoch.
    ///
    /// # Errors
    /// When none says so within a while.
    pub async fn until_led(&self, after: u64) -> Outcome<(usize, u64)> {
        let bus = self.bus(Identity::Recorder).await?;
        let mut words = bus.listen(&self.force.leading()).await.map_err(|e| e.to_string())?;
        let begun = Instant::now();
        while begun.elapsed() < SETTLE {
            let Ok(Some(word)) = tokio::time::timeout(SETTLE, words.next()).await else { break };
            let word = Leading::parse(&word.payload).map_err(|e| e.to_string())?;
            let place = (0..self.seats.len()).find(|place| self.key_of(*place) == word.recorder);
            if let Some(place) = place.filter(|_| word.epoch > after && !word.leaving) {
                return Ok((place, word.epoch));
            }
        }
        let logs: Vec<String> = (0..self.seats.len()).map(|place| self.log_of(place)).collect();
        Err(format!("no recorder leads in a later epoch than {after}\n{}", logs.join("\n--\n")))
    }

    fn key_of(&self, place: usize) -> KeyId {
        let seed = self.load.recorder(u32::try_from(place).expect("a handful")).0;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        PublicKey::from_ed25519(key.verifying_key().as_bytes()).expect("a key from a seed").key_id()
    }
}
