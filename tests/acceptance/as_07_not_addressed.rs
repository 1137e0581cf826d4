//! AS-7: recommendations 4.4 and 4.8 are not for forces; the force says so and is never late for them.

use crate::acceptance::row;
use crate::harness::Scene;

#[test]
fn what_is_not_addressed_to_a_force_is_never_overdue_for_it() {
    let scene = Scene::with_people();
    scene.record_file("02-spotlight-report.yaml").record_file("03-cambridgeshire-april-2021.yaml");
    for as_of in ["2021-04-13", "2022-01-01", "2030-01-01"] {
        let view = scene.register(as_of);
        for number in [4, 8] {
            let row = row(&view, &format!("obligation/cambridgeshire/dupp-2021/{number}/0"));
            assert_eq!(row["response_type"], "not addressed");
            assert_eq!(row["force_status"], "not addressed");
            assert_ne!(row["rag"], "red", "{as_of}: {row}");
        }
    }
}
