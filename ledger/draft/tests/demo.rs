//! The demonstration's input: every file reads, every statement can be made, and every signer is somebody
//! in `people.yaml` who holds the role claimed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ledger_core::hash::Hash;
use ledger_core::ids::{KeyId, Origin, StreamId};
use ledger_draft::{Draft, PrepareContext, Prepared, Source};
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn files() -> Vec<PathBuf> {
    let items = fs::read_dir(Path::new(ROOT).join("demo")).expect("the demo folder");
    let mut paths: Vec<PathBuf> = items.map(|i| i.expect("an entry").path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "yaml") && !p.ends_with("people.yaml"));
    paths.sort();
    assert_eq!(paths.len(), 8);
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

/// "key as [acting] ROLE of body" for every role that somebody holds.
fn capacities() -> BTreeSet<(String, String, String, bool)> {
    let text = fs::read_to_string(Path::new(ROOT).join("demo/people.yaml")).expect("people.yaml");
    let people: Value = serde_saphyr::from_str(&text).expect("YAML");
    let mut held = BTreeSet::new();
    for person in people["people"].as_array().expect("a list") {
        assert!(!person["office"].as_str().expect("an office").is_empty());
        for role in person["roles"].as_array().expect("roles") {
            let word = |v: &Value| v.as_str().expect("a text").to_owned();
            let acting = role.get("acting").is_some_and(|a| a == true);
            held.insert((word(&person["key"]), word(&role["role"]), word(&role["body"]), acting));
        }
    }
    held
}

/// Makes every statement in order, each on the version its stream has by then.
fn prepare_all(drafts: &[(String, Draft)]) -> Vec<Prepared> {
    let origin: Origin = "scrutiny.example/demo".parse().expect("an origin");
    let mut versions: BTreeMap<StreamId, u64> = BTreeMap::new();
    let mut counter = 0u64;
    let prepare = |(file, draft): &(String, Draft)| {
        let mut random = |bytes: &mut [u8]| {
            counter += 1;
            bytes.fill(0);
            bytes[..8].copy_from_slice(&counter.to_be_bytes());
        };
        let prepared = draft.prepare(&mut PrepareContext {
            origin: &origin,
            key: &|name| Some(KeyId::of_blob(name.as_bytes())),
            version: &|stream| versions.get(stream).copied().unwrap_or(0),
            now_ms: 1_763_769_600_000,
            random: &mut random,
            read: &|path| Err(format!("the demonstration names digests, not {path}")),
        });
        let prepared = prepared.unwrap_or_else(|e| panic!("{file} line {}: {e}", draft.line));
        *versions.entry(draft.stream.clone()).or_default() += 1;
        prepared
    };
    drafts.iter().map(prepare).collect()
}

fn count(drafts: &[(String, Draft)], kind: &str, stream: &str) -> usize {
    drafts.iter().filter(|(_, d)| d.kind.short_name == kind && d.stream.as_str().starts_with(stream)).count()
}

#[test]
fn every_file_reads_and_every_statement_can_be_made() {
    let drafts = drafts();
    let prepared = prepare_all(&drafts);
    for ((file, draft), prepared) in drafts.iter().zip(&prepared) {
        let at = format!("{file} line {}", draft.line);
        assert_eq!(draft.kind.validate_body(&prepared.parsed.body), Ok(()), "{at}");
        assert_eq!(prepared.addenda.len(), prepared.parsed.sealed.len(), "{at}");
        // What happened years ago says so, and rests on a document.
        let registry = file == "01-bodies.yaml";
        assert_eq!(draft.imported, !registry, "{at}");
        assert!(registry || !draft.documents.is_empty(), "{at}");
    }
    let sealed: usize = prepared.iter().map(|p| p.addenda.len()).sum();
    assert_eq!(sealed, 2, "offices of contacts, and of who signed by hand");
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
