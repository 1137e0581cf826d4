//! Records of powers, the files they come from, footage, and samples.

use ledger_core::hash::Hash;
use serde_json::{Value, json};

use super::world::{FORCE, World, hex, person};
use crate::Code;

pub(super) const RECORD: &str = "2b7e151628aed2a6";

/// A force with an officer, those who review, and the services.
pub(super) fn with_reviewers() -> World {
    let mut world = World::founded();
    for (who, role) in [
        ("officer", "OFF"),
        ("second officer", "OFF"),
        ("sergeant", "SUP"),
        ("reviewer", "REV"),
        ("other reviewer", "REV"),
        ("lead", "TL"),
        ("trainer", "TTT"),
        ("superintendent", "SPT"),
    ] {
        world.hire_known(who, role, FORCE);
    }
    world.hire_known("joint", "JPS", "bch.jps");
    for (who, role) in
        [("importer", "SVC:import"), ("tuserv", "SVC:tuserv"), ("bwv", "SVC:bwv"), ("head", "LEAD")]
    {
        world.hire(who, role, FORCE);
    }
    world
}

pub(super) fn force(officer: &str, tactics: Value) -> Value {
    json!({ "officer_pseudonym": person(officer), "unit": "force", "tactics": tactics })
}

/// A use of force by `officer`, recorded by their own key.
pub(super) fn used(world: &mut World, officer: &str, record: &str, tactics: Value) {
    world
        .say("UseOfForceRecorded", &format!("uof/{record}"), force(officer, tactics))
        .by(officer, "OFF", FORCE)
        .ok();
}

fn search(more: Value) -> Value {
    let mut body = json!({ "officer_pseudonym": person("officer"), "search_type": "Person search" });
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

#[test]
fn inv_18_who_declined_to_give_ethnicity_is_described_by_the_officer() {
    let mut world = with_reviewers();
    let stream = format!("search/{RECORD}");
    let mut say = |more: Value| {
        let draft = world.say("StopSearchRecorded", &stream, search(more)).by("officer", "OFF", FORCE);
        draft.judged_by(|d| d)
    };
    assert_eq!(say(json!({ "sde_refused": true })), Err(Code::Inv18));
    assert_eq!(
        say(json!({ "sde_refused": true, "sde_code": "B1", "ode_code": "IC3" })),
        Ok(()),
        "both are kept, and nothing is made of their difference"
    );
    assert_eq!(say(json!({ "ode_code": "IC3" })), Err(Code::Record), "what was recorded stands");
}

#[test]
fn an_officer_signs_their_own_record_and_the_application_any() {
    let mut world = with_reviewers();
    let stream = format!("uof/{RECORD}");
    let body = force("officer", json!([{ "kind": "unarmed_skills" }]));
    world
        .say("UseOfForceRecorded", &stream, body.clone())
        .by("second officer", "OFF", FORCE)
        .refused(Code::Inv15);
    world
        .say("UseOfForceRecorded", &stream, body.clone())
        .by("importer", "SVC:import", FORCE)
        .refused(Code::Charter);
    world
        .say("UseOfForceRecorded", "uof/1234567", body.clone())
        .by("officer", "OFF", FORCE)
        .refused(Code::Pseudonym);
    world.say("UseOfForceRecorded", &stream, body).by("tuserv", "SVC:tuserv", FORCE).ok();
}

#[test]
fn a_record_says_how_far_a_taser_was_used_and_keeps_words_it_does_not_know() {
    let mut world = with_reviewers();
    for (tactics, expected) in [
        (json!([{ "kind": "taser" }]), Some(Code::Record)),
        (json!([{ "kind": "baton", "taser": "drawn" }]), Some(Code::Record)),
        (json!([{ "kind": "unrecognised" }]), Some(Code::Record)),
        (
            json!([{ "kind": "unrecognised", "as_written": "Net" }, { "kind": "taser", "taser": "red_dot" }]),
            None,
        ),
    ] {
        let draft =
            world.say("UseOfForceRecorded", &format!("uof/{RECORD}"), force("officer", tactics.clone()));
        assert_eq!(draft.by("officer", "OFF", FORCE).judged_by(|d| d).err(), expected, "{tactics}");
    }
    for (field, value) in [
        ("officer_pseudonym", json!("6967")),
        ("search", json!("uof/2b7e151628aed2a6")),
        ("involved", json!([{ "pseudonym": "69", "how": "witness" }])),
        ("involved", json!([{ "pseudonym": person("officer"), "how": "witness" }])),
    ] {
        let mut body = force("officer", json!([{ "kind": "baton" }]));
        body[field] = value;
        let draft = world.say("UseOfForceRecorded", "uof/00112233445566ff", body);
        let got = draft.by("tuserv", "SVC:tuserv", FORCE).judged_by(|d| d);
        assert!(matches!(got, Err(Code::Pseudonym | Code::Record)), "{field}: {got:?}");
    }
}

const ROW: &str = "Person search,2024-06-01T09:15:00+00:00,,,52.572933,-0.241374,Female,25-34,White - Irish,White,\
                   Misuse of Drugs Act 1971 (section 23),Controlled drugs,Arrest,True,False\r\n";

/// A file of two identical rows; gives its name in streams.
pub(super) fn imported(world: &mut World) -> String {
    let sha = Hash::of(b"a file").to_hex();
    let name = sha[..16].to_owned();
    let body = json!({ "sha256": sha, "file_name": "2024-06.csv", "shape": "stop_search_csv", "rows": 2 });
    let stream = format!("source/{name}");
    world
        .say("SourceFileImported", "source/0011223344556677", body.clone())
        .by("importer", "SVC:import", FORCE)
        .refused(Code::Source);
    world.say("SourceFileImported", &stream, body.clone()).by("importer", "SVC:import", FORCE).ok();
    world.say("SourceFileImported", &stream, body).by("importer", "SVC:import", FORCE).refused(Code::Source);
    name
}

#[test]
fn a_file_takes_the_place_of_one_of_the_same_force_month_and_sort_and_only_once() {
    let mut world = with_reviewers();
    let file = |content: &str, force: &str, period: &str, replaces: &str| {
        let sha = Hash::of(content.as_bytes()).to_hex();
        let stream = format!("source/{}", &sha[..16]);
        let body = json!({
            "sha256": sha, "file_name": "2024-06.csv", "shape": "stop_search_csv", "rows": 2, "force": force,
            "period_words": period, "replaces": replaces,
        });
        (stream, body)
    };
    let mut say = |(stream, body): &(String, Value)| {
        world
            .say("SourceFileImported", stream, body.clone())
            .by("importer", "SVC:import", FORCE)
            .judged_by(|d| d)
    };
    let first = file("first", FORCE, "2024-06", "");
    assert_eq!(say(&first), Ok(()));
    for bad in [
        file("second", FORCE, "2024-06", "source/0011223344556677"),
        file("second", FORCE, "2024-07", &first.0),
        file("second", "kent", "2024-06", &first.0),
        file("second", FORCE, "2024-06", "search/0011223344556677-1"),
    ] {
        assert_eq!(say(&bad), Err(Code::Source), "{bad:?}");
    }
    let mut table = file("second", FORCE, "2024-06", &first.0);
    table.1["shape"] = json!("use_of_force_table");
    assert_eq!(say(&table), Err(Code::Source), "counts do not take the place of searches");
    let second = file("second", FORCE, "2024-06", &first.0);
    assert_eq!(say(&second), Ok(()));
    assert_eq!(say(&file("third", FORCE, "2024-06", &first.0)), Err(Code::Source), "it was replaced already");
    assert_eq!(say(&file("third", FORCE, "2024-06", &second.0)), Ok(()));
}

#[test]
fn a_row_is_its_bytes_under_its_file_and_number_and_is_recorded_once() {
    let mut world = with_reviewers();
    let name = imported(&mut world);
    let row = json!({ "source_line": hex(ROW.as_bytes()) });
    let mut say = |record: &str, body: &Value, role: (&str, &str), imported: bool| {
        let draft = world
            .say("StopSearchRecorded", &format!("search/{record}"), body.clone())
            .by(role.0, role.1, FORCE);
        if imported { draft.imported().judged_by(|d| d) } else { draft.judged_by(|d| d) }
    };
    let importer = ("importer", "SVC:import");
    let first = format!("{name}-1");
    assert_eq!(say(&first, &row, importer, false), Err(Code::Source), "it says that it is imported");
    assert_eq!(say(&first, &row, ("officer", "OFF"), true), Err(Code::Source));
    assert_eq!(say(&first, &search(json!({})), importer, true), Err(Code::Source));
    let mut more = row.clone();
    more["outcome"] = json!("Arrest");
    assert_eq!(say(&first, &more, importer, true), Err(Code::Source), "what the row says is not said twice");
    for record in [
        format!("{name}-0"),
        format!("{name}-3"),
        format!("{name}-01"),
        "0011223344556677-1".to_owned(),
        name.clone(),
    ] {
        assert_eq!(say(&record, &row, importer, true), Err(Code::Source), "{record}");
    }
    assert_eq!(say(&first, &row, importer, true), Ok(()));
    assert_eq!(say(&first, &row, importer, true), Err(Code::Source), "twice");
    assert_eq!(
        say(&format!("{name}-2"), &row, importer, true),
        Ok(()),
        "identical rows are separate searches"
    );
    let table = json!({ "source_line": hex(b"a,1\n") });
    let draft =
        world.say("TableRowImported", &format!("table/{name}-1"), table).by("importer", "SVC:import", FORCE);
    assert_eq!(draft.imported().judged_by(|d| d), Err(Code::Source), "its file holds searches");
}

#[test]
fn inv_31_a_public_row_passes_and_words_beside_it_are_still_searched() {
    let mut world = with_reviewers();
    let name = imported(&mut world);
    let row = json!({ "source_line": hex(ROW.as_bytes()) });
    world
        .say("StopSearchRecorded", &format!("search/{name}-1"), row)
        .by("importer", "SVC:import", FORCE)
        .imported()
        .ok();
    let told = search(json!({ "outcome": "Arrest of the driver of AB12 CDE" }));
    let draft =
        world.say("StopSearchRecorded", &format!("search/{RECORD}"), told).by("officer", "OFF", FORCE);
    assert_eq!(draft.judged_by(|d| d), Err(Code::Inv31));
}

#[test]
fn footage_is_there_or_missing_for_a_reason() {
    let mut world = with_reviewers();
    used(&mut world, "officer", RECORD, json!([{ "kind": "baton" }]));
    let mut say = |record: &str, body: Value| {
        let draft =
            world.say("FootageRecorded", &format!("footage/uof/{record}"), body).by("bwv", "SVC:bwv", FORCE);
        draft.judged_by(|d| d)
    };
    assert_eq!(say("0011223344556677", json!({ "state": "referenced" })), Err(Code::NotDrawn));
    assert_eq!(say(RECORD, json!({ "state": "missing" })), Err(Code::Footage));
    assert_eq!(
        say(RECORD, json!({ "state": "referenced", "missing_reason": "battery" })),
        Err(Code::Footage)
    );
    let missing = json!({ "state": "missing", "missing_reason": "battery", "entire": "yes" });
    assert_eq!(say(RECORD, missing), Err(Code::Footage));
    assert_eq!(say(RECORD, json!({ "state": "missing", "missing_reason": "battery" })), Ok(()));
    assert_eq!(
        say(RECORD, json!({ "state": "referenced", "entire": "no" })),
        Ok(()),
        "it was found after all"
    );
}

pub(super) fn frame(level: &str, records: &[&str], n: u32) -> Value {
    let digest = ledger_sample::frame_digest(records.iter().copied());
    let power = if records[0].starts_with("search/") { "search" } else { "force" };
    json!({
        "level": level, "query": { "power": power }, "tree_size": 1, "frame_size": records.len(),
        "frame_sha256": digest.to_hex(), "n": n, "method": ledger_sample::METHOD,
    })
}

/// What a frame and a root give.
pub(super) fn drawn(size: u64, root: &Hash, records: &[&str], n: u64) -> Value {
    let digest = ledger_sample::frame_digest(records.iter().copied());
    let positions = ledger_sample::draw(root, &digest, records.len() as u64, n).unwrap();
    let drawn =
        positions.iter().map(|p| json!({ "position": p, "record": records[usize::try_from(*p).unwrap()] }));
    json!({ "checkpoint_size": size, "root": root.to_hex(), "drawn": drawn.collect::<Vec<_>>() })
}

/// Commits to a frame, lets something else be recorded, and draws all of it.
pub(super) fn sample(world: &mut World, level: &str, name: &str, records: &[&str]) {
    let stream = format!("sample/{name}");
    let n = u32::try_from(records.len()).unwrap();
    world.say("SampleFrameCommitted", &stream, frame(level, records, n)).by("lead", "TL", FORCE).ok();
    let period = json!({ "days": 28 });
    world
        .say("ReviewPeriodAdopted", "review-period/cambridgeshire/irg", period)
        .by("head", "LEAD", FORCE)
        .ok();
    let size = world.next_index();
    let body = drawn(size, &Hash::of(name.as_bytes()), records, u64::from(n));
    world.say("SampleDrawn", &stream, body).by("lead", "TL", FORCE).ok();
}

#[test]
fn inv_17_a_sample_is_what_frame_and_seed_give_and_nothing_else() {
    let mut world = with_reviewers();
    let names: Vec<String> = (0..20).map(|i| format!("uof/00000000000000{i:02x}")).collect();
    for name in &names {
        used(&mut world, "officer", &name[4..], json!([{ "kind": "baton" }]));
    }
    let records: Vec<&str> = names.iter().map(String::as_str).collect();
    let stream = "sample/irg-1";
    let root = Hash::of(b"root");
    let at = |world: &World, size: u64| {
        assert!(size <= world.next_index());
        drawn(size, &root, &records, 3)
    };
    let early = at(&world, 2);
    world.say("SampleDrawn", stream, early).by("lead", "TL", FORCE).refused(Code::Inv17);
    let frame_at = world.next_index();
    world.say("SampleFrameCommitted", stream, frame("irg", &records, 3)).by("lead", "TL", FORCE).ok();
    world
        .say("SampleFrameCommitted", stream, frame("irg", &records, 4))
        .by("lead", "TL", FORCE)
        .refused(Code::Sample);
    let own = at(&world, frame_at + 1);
    world.say("SampleDrawn", stream, own).by("lead", "TL", FORCE).refused(Code::Inv17);
    used(&mut world, "officer", RECORD, json!([{ "kind": "baton" }]));
    let good = at(&world, frame_at + 2);

    let mut late = good.clone();
    late["checkpoint_size"] = json!(world.next_index() + 1);
    let mut other_root = good.clone();
    other_root["root"] = json!(Hash::of(b"a nicer root").to_hex());
    let mut swapped = good.clone();
    swapped["drawn"].as_array_mut().unwrap().swap(0, 1);
    let mut fewer = good.clone();
    fewer["drawn"].as_array_mut().unwrap().pop();
    let mut twice = good.clone();
    twice["drawn"][1]["record"] = good["drawn"][0]["record"].clone();
    let mut nowhere = good.clone();
    nowhere["drawn"][1]["record"] = json!("uof/ffffffffffffffff");
    for bad in [late, other_root, swapped, fewer, twice, nowhere] {
        world.say("SampleDrawn", stream, bad).by("lead", "TL", FORCE).refused(Code::Inv17);
    }
    world.say("SampleDrawn", stream, good.clone()).by("lead", "TL", FORCE).ok();
    world.say("SampleDrawn", stream, good).by("lead", "TL", FORCE).refused(Code::Sample);
    assert_eq!(world.state.sample(stream).unwrap().drawn.as_ref().map(Vec::len), Some(3));
}

/// A row of a file was once accepted as a use of force, and a row of a table of counts as a search.
#[test]
fn inv_17_a_row_is_drawn_as_what_it_is() {
    let mut world = with_reviewers();
    let searches = imported(&mut world);
    let sha = Hash::of(b"a table").to_hex();
    let table = json!({ "sha256": sha, "file_name": "t.csv", "shape": "use_of_force_table", "rows": 2 });
    let counts = format!("source/{}", &sha[..16]);
    world.say("SourceFileImported", &counts, table).by("importer", "SVC:import", FORCE).ok();
    for (level, record, expected) in [
        ("irg", format!("uof/{searches}-1"), Err(Code::Inv17)),
        ("rgrg", format!("search/{}-1", &sha[..16]), Err(Code::Inv17)),
        ("rgrg", format!("search/{searches}-1"), Ok(())),
    ] {
        let (stream, records) = (format!("sample/{level}-{}", world.next_index()), [record.as_str()]);
        world.say("SampleFrameCommitted", &stream, frame(level, &records, 1)).by("lead", "TL", FORCE).ok();
        let other = format!("{:016x}", world.next_index());
        used(&mut world, "officer", &other, json!([{ "kind": "baton" }]));
        let body = drawn(world.next_index(), &Hash::of(b"root"), &records, 1);
        let draft = world.say("SampleDrawn", &stream, body).by("lead", "TL", FORCE);
        assert_eq!(draft.judged_by(|d| d), expected, "{record}");
    }
}

#[test]
fn a_frame_fits_its_level_and_what_is_on_the_ledger() {
    let mut world = with_reviewers();
    used(&mut world, "officer", RECORD, json!([{ "kind": "baton" }]));
    let records = [format!("uof/{RECORD}")];
    let good = frame("irg", &[&records[0]], 1);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let query = |more: Value| {
        let mut query = json!({ "power": "force" });
        query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with("query", query)
    };
    for bad in [
        with("level", json!("self")),
        with("level", json!("jps")),
        with("level", json!("rgrg")),
        with("tree_size", json!(5_000)),
        with("method", json!("by hand")),
        with("n", json!(2)),
        query(json!({ "from_month": "June 2024" })),
        query(json!({ "from_month": "2024-06", "to_month": "2024-05" })),
        query(json!({ "sources": ["source/0011223344556677"] })),
        query(json!({ "power": "search" }))
            .as_object()
            .map(|o| {
                let mut o = o.clone();
                o["level"] = json!("taser_tl");
                Value::Object(o)
            })
            .unwrap(),
    ] {
        let draft = world.say("SampleFrameCommitted", "sample/a", bad.clone()).by("lead", "TL", FORCE);
        assert_eq!(draft.judged_by(|d| d), Err(Code::Sample), "{bad}");
    }
    world
        .say("SampleFrameCommitted", "sample/a", query(json!({ "from_month": "2024-06" })))
        .by("lead", "TL", FORCE)
        .ok();
}

#[test]
fn a_million_imported_rows_leave_no_trace_and_a_record_about_sixty_bytes() {
    let mut world = with_reviewers();
    let name = imported(&mut world);
    let before = world.state.to_bytes().len();
    let row = json!({ "source_line": hex(ROW.as_bytes()) });
    world
        .say("StopSearchRecorded", &format!("search/{name}-1"), row)
        .by("importer", "SVC:import", FORCE)
        .imported()
        .ok();
    assert_eq!(world.state.to_bytes().len(), before);
    for i in 0..100 {
        used(&mut world, "officer", &format!("00000000000000{i:02x}"), json!([{ "kind": "baton" }]));
    }
    let each = (world.state.to_bytes().len() - before) / 100;
    assert!(each <= 48, "{each} bytes saved for each record");
    assert!(size_of::<(crate::powers::RecordKey, crate::powers::PowerRecord)>() <= 40);
}
