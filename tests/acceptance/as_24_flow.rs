//! AS-24: what the Internal Review Group passes up to the Force Operations Board counts as undelivered until the
//! board says that it has it.

use crate::harness::Scene;

const ITEM: &str = "item/cambs.irg/grounds-2022-05";

#[test]
fn an_item_is_undelivered_until_its_receipt() {
    let scene = Scene::with_people();
    scene.accept(&format!(
        "kind: ItemForwarded\nstream: {ITEM}\nsigned_by: governance-officer as G&I of cambridgeshire\n\
         occurred: 2022-06-01\nimported: true\n\
         body: {{title: Recording of grounds, to: cambs.fob, direction: up}}"
    ));
    let flow = |day: &str| scene.json(["flow", "--as-of", day]);
    let waiting = flow("2022-06-15");
    assert_eq!(waiting["undelivered"][0]["item"], ITEM, "{waiting}");
    assert_eq!(
        (&waiting["undelivered"][0]["to"], &waiting["undelivered"][0]["days_undelivered"]),
        (&"cambs.fob".into(), &14.into())
    );
    assert_eq!(flow("2022-05-31")["undelivered"].as_array().map(Vec::len), Some(0), "not yet passed on");

    let elsewhere = "kind: ItemReceived\nstream: item/cambs.irg/grounds-2022-05\n\
                     signed_by: board-secretary as SEC of cambs.bcb\nbody: {at: cambs.bcb}";
    scene.refuse("INV-40", elsewhere);
    scene.accept(&format!(
        "kind: ItemReceived\nstream: {ITEM}\nsigned_by: operations-board-secretary as SEC of cambs.fob\n\
         occurred: 2022-06-20\nimported: true\nbody: {{at: cambs.fob, note: On the next agenda}}"
    ));
    let after = flow("2022-06-20");
    assert_eq!(after["undelivered"].as_array().map(Vec::len), Some(0), "{after}");
    assert_eq!(after["delivered"][0]["received"]["note"], "On the next agenda");
    assert_eq!(flow("2022-06-15")["undelivered"].as_array().map(Vec::len), Some(1), "as it stood then");
}

#[test]
fn a_board_that_meets_monthly_has_a_gap_where_no_meeting_is_on_the_ledger() {
    let scene = Scene::with_people();
    scene.accept(
        "kind: StandingItemConfigured\nstream: standing/cambs.bcb/meeting\noccurred: 2021-04-01\nimported: true\n\
         signed_by: board-secretary as SEC of cambs.bcb\n\
         body: {item: meeting, cadence: monthly, cadence_words: monthly}",
    );
    for day in ["2021-04-13", "2021-07-06"] {
        scene.accept(&format!(
            "kind: MeetingHeld\nstream: meeting/cambs.bcb/{day}\noccurred: {day}\nimported: true\n\
             signed_by: board-secretary as SEC of cambs.bcb\nbody: {{body_as_written: Business Coordination Board}}"
        ));
    }
    let gaps = |day: &str| scene.json(["flow", "--as-of", day])["cadences"][0]["gaps"].clone();
    assert_eq!(gaps("2021-05-31").as_array().map(Vec::len), Some(0), "May is not over");
    let late = gaps("2021-08-31");
    assert_eq!(late.as_array().map(Vec::len), Some(1), "{late}");
    assert_eq!((&late[0]["expected_by"], &late[0]["came"]), (&"2021-05-31".into(), &"2021-07-06".into()));
    assert_eq!(gaps("2021-09-01")[1]["expected_by"], "2021-08-31");
}
