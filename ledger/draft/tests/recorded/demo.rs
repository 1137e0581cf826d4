//! The demonstration's input: every file reads, every statement is recorded under the real rules, and every
//! signer is somebody in `people.yaml` who holds the role claimed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ledger_core::hash::Hash;
use ledger_draft::{Draft, Person, Source};
use serde_json::Value;

use crate::world::World;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn files() -> Vec<PathBuf> {
    let items = fs::read_dir(Path::new(ROOT).join("demo")).expect("the demo folder");
    let mut paths: Vec<PathBuf> = items.map(|i| i.expect("an entry").path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "yaml") && !p.ends_with("people.yaml"));
    paths.sort();
    assert_eq!(paths.len(), 9);
    paths
}

fn drafts() -> Vec<(String, Draft)> {
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let drafts = Draft::parse_many(&fs::read_to_string(path).expect("readable"));
        let drafts = drafts.unwrap_or_else(|e| panic!("{name}: {e}"));
        drafts.into_iter().map(move |d| (name.clone(), d))
    };
    files().into_iter().flat_map(read).collect()
}

/// Key, role, body and whether acting, for every role that somebody holds.
fn capacities() -> BTreeSet<(String, String, String, bool)> {
    let line = |person: Person| {
        let key = person.key;
        person.roles.into_iter().map(move |r| (key.clone(), r.role, r.body, r.acting))
    };
    crate::world::people().into_iter().flat_map(line).collect()
}

fn count(drafts: &[(String, Draft)], kind: &str, stream: &str) -> usize {
    drafts.iter().filter(|(_, d)| d.kind.short_name == kind && d.stream.as_str().starts_with(stream)).count()
}

#[test]
fn every_file_is_recorded_under_the_real_rules() {
    let mut world = World::with_people();
    let mut sealed = 0;
    for (file, draft) in drafts() {
        let at = format!("{file} line {}", draft.line);
        let prepared = world.record(&draft).unwrap_or_else(|r| panic!("{at}: {r}"));
        sealed += prepared.addenda.len();
        // What happened years ago says so, and rests on a document.
        let registry = file == "01-bodies.yaml";
        assert_eq!(draft.imported, !registry, "{at}");
        assert!(registry || !draft.documents.is_empty(), "{at}");
    }
    assert_eq!(sealed, 2, "who the contacts are, and who signed by hand");
}

#[test]
fn every_signer_holds_the_role_claimed_and_forms_a_sufficient_set() {
    let held = capacities();
    for (file, draft) in drafts() {
        let at = format!("{file} line {}", draft.line);
        for s in &draft.signed_by {
            let claimed = (s.key.clone(), s.role.clone(), s.body.clone(), s.acting);
            assert!(held.contains(&claimed), "{at}: {claimed:?}");
        }
        let enough = draft.kind.signers.iter().any(|set| {
            let by = |role: &str| draft.signed_by.iter().filter(|s| s.role == role).count();
            set.require.iter().all(|r| by(&r.role) >= r.count as usize)
        });
        assert!(enough, "{at}: not enough signers for a {}", draft.kind.short_name);
    }
}

#[test]
fn the_control_totals_of_the_sources_are_met() {
    let drafts = drafts();
    for (kind, stream, expected) in [
        ("FindingIssued", "finding/dupp-2021/", 8),
        ("FindingAliasAdded", "finding/dupp-2021/", 8 + 6),
        ("ObligationCreated", "obligation/cambridgeshire/dupp-2021/", 10),
        ("ForceResponseRecorded", "obligation/cambridgeshire/dupp-2021/", 10),
        ("ObligationCreated", "obligation/cumbria/dupp-2021/", 8),
        ("FindingIssued", "finding/peel-2021-22/", 13),
        ("JudgmentGiven", "judgment/peel-2021-22/", 9),
        ("InspectorateAuditReported", "finding/peel-2021-22/", 10),
        ("ForceResponseRecorded", "obligation/cambridgeshire/peel-2021-22/", 13),
        ("ForceAssessedComplete", "", 0),
        ("StatutoryResponsePublished", "response/cambridgeshire-lpb/", 0),
        ("CopySent", "response/cambridgeshire-lpb/", 1),
        ("JudgmentGiven", "judgment/peel-2018-legitimacy/", 4),
        ("FindingIssued", "finding/peel-2018-legitimacy/", 3),
        ("InspectorateRemarkRecorded", "report/peel-2018-legitimacy", 5),
        ("FindingIssued", "finding/legitimacy-2017/", 1),
    ] {
        assert_eq!(count(&drafts, kind, stream), expected, "{kind} in {stream}");
    }
}

#[test]
fn every_body_that_is_named_was_registered_before() {
    let mut known = BTreeSet::new();
    for (file, draft) in drafts() {
        let at = format!("{file} line {}", draft.line);
        let params = draft.kind.stream.matches(draft.stream.as_str()).expect("its pattern");
        let body = draft.kind.body_to_json(&draft.body).expect("decodes");
        let mut named: Vec<String> = params.get("body").map(str::to_owned).into_iter().collect();
        for field in &draft.kind.fields {
            if field.format == scrutiny_proto::vocabulary::Format::Body {
                match &body[&field.name] {
                    Value::String(one) => named.push(one.clone()),
                    Value::Array(many) => {
                        named.extend(many.iter().filter_map(Value::as_str).map(str::to_owned))
                    }
                    _ => {}
                }
            }
        }
        if draft.kind.short_name == "BodyRegistered" {
            known.insert(params.get("body").expect("a body").to_owned());
        } else {
            named.extend(draft.signed_by.iter().map(|s| s.body.clone()));
        }
        for body in named {
            assert!(known.contains(&body), "{at}: {body}");
        }
    }
}

#[test]
fn the_digests_are_those_of_the_source_texts() {
    let sources = Path::new(ROOT).join("../shared/sources");
    let Ok(items) = fs::read_dir(&sources) else {
        println!("SKIPPED: {} is absent, so the digests of the sources are not checked", sources.display());
        return;
    };
    let digests: BTreeSet<Hash> =
        items.map(|i| Hash::of(&fs::read(i.expect("an entry").path()).expect("readable"))).collect();
    for (file, draft) in drafts() {
        for document in &draft.documents {
            let Source::Digest(digest) = document.source else { panic!("{file}: {}", document.title) };
            assert!(digests.contains(&digest), "{file} line {}: {}", draft.line, document.title);
        }
    }
}
