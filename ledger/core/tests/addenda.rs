//! Addenda and the index that points at them: torchwood's vectors, and what must never leak or slip through.

use ledger_core::addendum::{
    Addendum, AddendumError, AddendumPath, Indexed, SALT_BYTES, append_index, parse_index,
};
use ledger_core::hash::Hash;
use ledger_core::limits::MAX_ADDENDUM_BYTES;
use proptest::prelude::*;

#[test]
fn indexes_read_as_torchwood_reads_them() {
    let mut records = 0;
    for line in include_str!("vectors/tlog-addenda-index.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut fields = line.split(' ');
        let entry = hex::decode(fields.next().expect("an entry")).expect("hex");
        let expected: Vec<&str> = fields.collect();
        match parse_index(&entry) {
            Ok(Indexed { content, offsets, digests }) => {
                assert_eq!(digests.iter().map(Hash::to_hex).collect::<Vec<_>>(), expected, "{line}");
                assert_eq!(append_index(content, &offsets).expect("it was read"), entry, "{line}");
            }
            Err(_) => assert_eq!(expected, ["malformed"], "{line}"),
        }
        records += 1;
    }
    assert_eq!(records, 9);
    assert_eq!(parse_index(&[]), Err(AddendumError::Index { length: 0, count: 0 }));
}

#[test]
fn an_addendum_is_its_salt_and_its_content() {
    let addendum = Addendum::seal([7; SALT_BYTES], "PC 1234 Example".as_bytes()).expect("short");
    assert_eq!(addendum.as_bytes(), [&[7; 32][..], b"PC 1234 Example"].concat());
    assert_eq!(addendum.digest(), Hash::of(addendum.as_bytes()));
    let read = Addendum::parse(addendum.as_bytes().to_vec()).expect("its own bytes");
    assert_eq!(read.content(), b"PC 1234 Example");
    assert!(Addendum::seal([7; SALT_BYTES], b"").is_ok());
}

#[test]
fn the_same_content_under_another_salt_has_another_digest() {
    let digest = |salt| Addendum::seal([salt; SALT_BYTES], b"PC 1234").expect("short").digest();
    assert_ne!(digest(1), digest(2));
}

#[test]
fn a_debug_print_does_not_show_what_is_sealed() {
    let addendum = Addendum::seal([7; SALT_BYTES], b"PC 1234").expect("short");
    assert_eq!(format!("{addendum:?}"), format!("Addendum({}, 39 bytes)", addendum.digest()));
}

#[test]
fn an_addendum_without_room_for_its_salt_or_beyond_the_limit_is_refused() {
    for length in [0, SALT_BYTES - 1, MAX_ADDENDUM_BYTES + 1] {
        assert_eq!(Addendum::parse(vec![0; length]), Err(AddendumError::Length(length)));
    }
    assert!(Addendum::parse(vec![0; MAX_ADDENDUM_BYTES]).is_ok());
}

#[test]
fn an_addendum_has_one_path() {
    let path = AddendumPath(Hash::of(b"x"));
    let text = "addenda/2d/71/2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert_eq!(path.to_string(), text);
    assert_eq!(text.parse(), Ok(path));
    for bad in [
        text.replace("2d/71", "71/2d"),
        text.to_uppercase(),
        text.replace("addenda/", ""),
        format!("/{text}"),
        format!("{text}/"),
        text.replace("/71/", "/71//"),
    ] {
        assert!(bad.parse::<AddendumPath>().is_err(), "{bad}");
    }
}

#[test]
fn an_index_beyond_one_byte_or_beyond_its_content_is_not_written() {
    assert_eq!(append_index(&[0; 32], &[1]), Err(AddendumError::Offset { offset: 1, content: 32 }));
    assert_eq!(append_index(&[0; 32], &[0; 256]), Err(AddendumError::Count(256)));
    assert!(append_index(&[0; 32], &[0; 255]).is_ok());
}

proptest! {
    #[test]
    fn roundtrip_index(content in prop::collection::vec(any::<u8>(), 32..400),
                       places in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
        let room = content.len() - 31;
        let offsets: Vec<u32> = places.iter().map(|p| u32::try_from(p.index(room)).expect("small")).collect();
        let entry = append_index(&content, &offsets).expect("within the content");
        let read = parse_index(&entry).expect("its own bytes");
        prop_assert_eq!(read.content, &content[..]);
        prop_assert_eq!(&read.offsets, &offsets);
        for (offset, digest) in offsets.iter().zip(&read.digests) {
            let start = usize::try_from(*offset).expect("small");
            prop_assert_eq!(&content[start..start + 32], digest.as_bytes());
        }
    }

    #[test]
    fn any_bytes_read_back_or_are_refused(entry in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(read) = parse_index(&entry) {
            prop_assert_eq!(append_index(read.content, &read.offsets).expect("it was read"), entry);
        }
    }
}
