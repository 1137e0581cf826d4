//! The draw against vectors from another language, and what must hold of every draw.

use std::collections::HashSet;

use ledger_core::hash::Hash;
use ledger_sample::{DrawError, MAX_DRAWN, draw, frame_digest};
use proptest::prelude::*;

fn hash(hex: &str) -> Hash {
    let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal digits");
    Hash(std::array::from_fn(byte))
}

fn frame(size: u64) -> Hash {
    let streams: Vec<String> = (1..=size).map(|n| format!("search/a-{n}")).collect();
    frame_digest(streams.iter().map(String::as_str))
}

#[test]
fn draws_are_those_of_the_reference_program() {
    let mut seen = 0;
    for line in include_str!("vectors/draws.csv").lines().skip(1) {
        let [root, size, digest, n, drawn] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("five columns: {line}")
        };
        let (size, n) = (size.parse().unwrap(), n.parse().unwrap());
        assert_eq!(frame(size), hash(digest), "the frame's digest");
        let drawn: Vec<u64> = drawn.split(' ').map(|at| at.parse().unwrap()).collect();
        assert_eq!(draw(&hash(root), &hash(digest), size, n), Ok(drawn), "{line}");
        seen += 1;
    }
    assert_eq!(seen, 10);
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let (root, digest) = (Hash([1; 32]), Hash([2; 32]));
    assert_eq!(draw(&root, &digest, 5, 6), Err(DrawError::TooMany { n: 6, frame_size: 5 }));
    assert_eq!(draw(&root, &digest, 5, 0), Err(DrawError::None));
    let too_many = MAX_DRAWN + 1;
    assert_eq!(draw(&root, &digest, u64::MAX, too_many), Err(DrawError::TooManyAtOnce(too_many)));
    assert!(draw(&root, &digest, u64::MAX, MAX_DRAWN).is_ok(), "a frame may be of any size");
}

/// With 20,000 seeds, each of ten records is drawn about 6,000 times into a sample of three, and about 2,000 times
/// into each place of it. The bounds are six standard deviations wide, and the seeds are always the same.
#[test]
fn no_record_is_likelier_than_another() {
    let digest = frame(10);
    let mut counts = [[0u32; 10]; 3];
    for seed in 0..20_000_u32 {
        let root = Hash::of(&seed.to_be_bytes());
        for (place, at) in draw(&root, &digest, 10, 3).unwrap().into_iter().enumerate() {
            counts[place][usize::try_from(at).unwrap()] += 1;
        }
    }
    for record in 0..10 {
        let all: u32 = counts.iter().map(|place| place[record]).sum();
        assert!((5_611..=6_389).contains(&all), "record {record}: {all}");
        for place in &counts {
            assert!((1_746..=2_254).contains(&place[record]), "record {record}: {counts:?}");
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_drawn_twice_and_everything_drawn_is_in_the_frame(
        root in any::<[u8; 32]>(), digest in any::<[u8; 32]>(), size in 1u64..5_000, share in 0.0f64..=1.0,
    ) {
        let n = ((size as f64 * share) as u64).clamp(1, MAX_DRAWN.min(size));
        let drawn = draw(&Hash(root), &Hash(digest), size, n).unwrap();
        prop_assert_eq!(drawn.len() as u64, n);
        prop_assert!(drawn.iter().all(|at| *at < size));
        prop_assert_eq!(drawn.iter().collect::<HashSet<_>>().len() as u64, n);
    }

    #[test]
    fn a_longer_sample_begins_with_the_shorter_one(root in any::<[u8; 32]>(), size in 2u64..500) {
        let longer = draw(&Hash(root), &frame(size), size, size).unwrap();
        let shorter = draw(&Hash(root), &frame(size), size, size / 2).unwrap();
        prop_assert_eq!(&longer[..shorter.len()], &shorter[..]);
    }

    #[test]
    fn another_root_or_another_frame_draws_anew(a in any::<[u8; 32]>(), b in any::<[u8; 32]>()) {
        prop_assume!(a != b);
        let of = |root, digest| draw(&Hash(root), &Hash(digest), 1 << 40, 8).unwrap();
        prop_assert_ne!(of(a, a), of(b, a));
        prop_assert_ne!(of(a, a), of(a, b));
    }
}
