//! What the scenarios about professional standards share.

use serde_json::Value;

use crate::harness::Scene;

/// The case's pseudonym.
pub(super) const CASE: &str = "9a60f2b1c4d7e835";
pub(super) const AUTHORITY: &str = "appropriate-authority-cambridgeshire as AA of cambridgeshire";

/// Something about the case, as its department types it.
pub(super) fn say(kind: &str, occurred: &str, signed_by: &str, body: &str) -> String {
    format!(
        "kind: {kind}\nstream: psdcase/{CASE}\nsigned_by: {signed_by}\noccurred: {occurred}\nimported: true\n\
         marking: official-sensitive\nregime: uk-gdpr\nbody: {body}"
    )
}

/// The case on a day, as those see it who work on it.
pub(super) fn case(scene: &Scene, as_of: &str) -> Value {
    let view = scene.json(["conduct", "--cases", "--as-of", as_of]);
    assert_eq!(view["restricted"], true, "whoever reads it is told: {view}");
    let rows = view["rows"].as_array().expect("a list of cases");
    let found = rows.iter().find(|row| row["case"] == format!("psdcase/{CASE}"));
    found.unwrap_or_else(|| panic!("no case: {view}")).clone()
}
