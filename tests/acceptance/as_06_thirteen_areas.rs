//! AS-6: thirteen areas for improvement, with their figures to the digit.

use crate::acceptance::finding;
use crate::harness::Scene;

#[test]
fn thirteen_areas_and_every_figure() {
    let scene = Scene::with_people();
    scene.record_file("05-peel-2021-22.yaml");
    let view = scene.register("2022-08-16");
    let totals = &view["register"]["totals"][0]["kinds"][0];
    assert_eq!((&totals["expected"], &totals["issued"]), (&13.into(), &13.into()));

    for (area, count, population, percent) in [
        (5, 41, 79, "51.9"),
        (6, 40, 48, "83.3"),
        (6, 27, 36, "75.0"),
        (7, 57, 81, "70.4"),
        (7, 30, 33, "90.9"),
        (8, 47, 60, "78.3"),
        (8, 43, 68, "63.2"),
        (9, 15, 59, "25.4"),
    ] {
        let found = finding(&view, &format!("finding/peel-2021-22/{area}"));
        let figures = found["figures"].as_array().expect("a list");
        let figure = figures.iter().find(|f| f["count"] == count && f["population"] == population);
        let figure = figure.unwrap_or_else(|| panic!("{count} of {population} in {area}: {figures:?}"));
        assert_eq!(figure["percent"], percent);
        assert!(figure["wilson_95"].is_array(), "a count carries its interval");
    }

    let ninth = &finding(&view, "finding/peel-2021-22/9")["figures"][0];
    assert_eq!(ninth["counts_what_was_not_done"], true);
    assert_eq!((&ninth["percent"], &ninth["percent_done"]), (&"25.4".into(), &"74.6".into()));

    let second = finding(&view, "finding/peel-2021-22/2");
    for figure in second["figures"].as_array().expect("a list") {
        assert_eq!(figure["percentage_only"], true);
        assert!(
            figure["count"].is_null() && figure["wilson_95"].is_null(),
            "no counts, no interval: {figure}"
        );
        assert!(!figure["caveat"].as_str().expect("text").is_empty(), "the caveat travels with the number");
    }
    assert_eq!(second["movements"][0]["points"], "-13.4");
}
