//! AS-2: what the words of the recommendations mean as dates, and who is late on 1 August 2021.

use crate::acceptance::{finding, row};
use crate::harness::Scene;

#[test]
fn words_become_dates_and_dates_become_colours() {
    let scene = Scene::with_people();
    scene.record_file("02-spotlight-report.yaml").record_file("03-cambridgeshire-april-2021.yaml");
    let view = scene.register("2021-08-01");

    for (number, due, strict) in [
        (7, Some("2021-02-26"), None),
        (2, Some("2021-07-31"), Some("2021-06-30")),
        (5, Some("2021-07-31"), Some("2021-06-30")),
        (6, Some("2021-07-31"), Some("2021-06-30")),
        (3, Some("2021-09-30"), Some("2021-08-31")),
        (8, Some("2021-12-31"), Some("2021-11-30")),
        (1, Some("2022-07-31"), Some("2022-06-30")),
        (4, None, None),
    ] {
        let words = &finding(&view, &format!("finding/dupp-2021/{number}"))["due"];
        assert_eq!(words["due"].as_str(), due, "recommendation {number}: {words}");
        assert_eq!(words["strict"].as_str(), strict, "recommendation {number}: {words}");
    }

    let colour = |key: &str| row(&view, &format!("obligation/cambridgeshire/dupp-2021/{key}"))["rag"].clone();
    for late in ["2/0", "5/0", "6/0"] {
        assert_eq!(colour(late), "red", "{late}");
    }
    assert_ne!(colour("8/0"), "red", "the Home Office's date is not the force's");
}
