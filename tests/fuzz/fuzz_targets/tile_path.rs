//! Paths of tiles, bundles and addenda: one name for each.

#![no_main]

use ledger_core::addendum::AddendumPath;
use ledger_core::tile::TilePath;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(path) = text.parse::<TilePath>() {
        assert_eq!(path.to_string(), text);
        assert!((1..=256).contains(&path.width));
    }
    if let Ok(path) = text.parse::<AddendumPath>() {
        assert_eq!(path.to_string(), text);
    }
});
