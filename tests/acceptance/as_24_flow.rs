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

/// S3-19: ethics is a standing item of a meeting; what was on the agenda is shown, and where nothing shows it.
#[test]
fn a_standing_item_is_looked_for_at_every_meeting() {
    let scene = Scene::with_people();
    let secretary = "board-secretary as SEC of cambs.bcb";
    let say = |kind: &str, stream: &str, day: &str, body: &str| {
        scene.accept(&format!(
            "kind: {kind}\nstream: {stream}\noccurred: {day}\nimported: true\nsigned_by: {secretary}\nbody: {body}"
        ));
    };
    let held = "{body_as_written: Business Coordination Board}";
    say("MeetingHeld", "meeting/cambs.bcb/2021-03-09", "2021-03-09", held);
    say(
        "StandingItemConfigured",
        "standing/cambs.bcb/ethics",
        "2021-04-01",
        "{item: ethics, cadence: every_meeting}",
    );
    say("MeetingHeld", "meeting/cambs.bcb/2021-04-13", "2021-04-13", held);
    let looked = "{text: Two dilemmas, meeting: meeting/cambs.bcb/2021-04-13}";
    say("ItemScrutinised", "scrutiny/cambs.bcb/ethics", "2021-04-13", looked);
    say("MeetingHeld", "meeting/cambs.bcb/2021-05-11", "2021-05-11", held);

    let view = scene.json(["flow", "--as-of", "2021-05-31"]);
    let item = &view["standing"][0];
    assert_eq!((&item["body"], &item["item"]), (&"cambs.bcb".into(), &"ethics".into()), "{view}");
    let occasions: Vec<_> = item["occasions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|o| (o["from"].clone(), o["was_there"].clone()))
        .collect();
    assert_eq!(occasions, [("2021-04-13".into(), true.into()), ("2021-05-11".into(), false.into())]);
    let text = scene.run(["flow", "--as-of", "2021-05-31"]).stdout;
    assert!(
        text.contains("nothing shows the standing item \"ethics\" at the meeting of 2021-05-11"),
        "{text}"
    );
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
