//! AS-22: bodies go by many names, one of them a mistake that stays as written.

use crate::harness::Scene;

#[test]
fn names_as_written_lead_to_their_bodies() {
    let scene = Scene::with_people();
    for (name, body) in [
        ("Strategic Review Group", "cambs.srm"),
        ("Force Performance Meeting", "cambs.fpb"),
        ("ethics, equality and inclusion group", "cambs.ede"),
    ] {
        let found = scene.json(["bodies", name]);
        assert_eq!(found[0]["body"], body, "{name}: {found}");
    }
    let mistaken = scene.json(["bodies", "Herefordshire"]);
    let matched = mistaken[0]["matched"].as_str().expect("text");
    assert!(matched.contains("Herefordshire"), "stored as written: {mistaken}");
    assert!(mistaken[0]["correction"].as_str().expect("text").contains("Hertfordshire"), "{mistaken}");

    let unknown = scene.run(["bodies", "Board of Nowhere"]);
    assert_eq!(unknown.code, 5, "{unknown:?}");
}
