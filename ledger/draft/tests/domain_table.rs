//! The table of the domain is true: `docs/domain-table.md` against the vocabulary, the rules and our own tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ledger_rules::Code;
use ledger_rules::clock::Rule;
use ledger_rules::facts;
use scrutiny_proto::vocabulary::Vocabulary;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Sources of the domain, and how many rows each has.
const SOURCES: &[(&str, usize)] = &[("S0", 43), ("S1", 15), ("S2", 36), ("S3", 61), ("S4", 48)];

/// The first body of each row of the registry's seed.
const BODIES: &[&str] = &[
    "cambs.bcb",
    "cambs.srm",
    "cambs.irg",
    "cambs.rgrg",
    "cambs.ede",
    "cambs.olg",
    "cambs.fpb",
    "cambs.fob",
    "cambs.csp",
    "cambs.conv",
    "cambs.psdpanel",
    "cambs.csdg",
    "cambs.ppd",
    "bch.board",
    "cumbria.pac",
    "national",
];

/// What is shown, flagged or proved, and refuses nothing: no refusal carries these.
const NO_REFUSAL: &[&str] = &[
    "INV-04", "INV-05", "INV-06", "INV-07", "INV-09", "INV-10", "INV-19", "INV-20", "INV-21", "INV-27",
    "INV-32", "INV-34", "INV-37",
];

struct Row {
    id: String,
    roles: Vec<String>,
    /// As they stand: `ReportPublished`, `ScrutinyFactRecorded(PolicyAdopted)`.
    kinds: Vec<String>,
    rules: Vec<String>,
    projection: String,
    tests: Vec<String>,
}

impl Row {
    /// Names of kinds, without the words of facts.
    fn kind_names(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|kind| kind.split('(').next().unwrap_or_default())
    }

    fn facts(&self) -> impl Iterator<Item = &str> {
        let bracketed = self.kinds.iter().filter_map(|kind| kind.split_once('(')?.1.strip_suffix(')'));
        bracketed.flat_map(|words| words.split(", "))
    }
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/domain-table.md")).expect("the table is there");
    let lines = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Row "));
    let rows: Vec<Row> = lines.map(row).collect();
    assert!(rows.len() > 215, "got {}", rows.len());
    rows
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
    let [id, _, roles, kinds, rules, projection, tests] = cells[..] else { panic!("seven cells: {line}") };
    let ticked = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let roles = roles.split(", ").filter(|role| *role != "-").map(str::to_owned).collect();
    let row = Row {
        id: id.to_owned(),
        roles,
        kinds: ticked(kinds),
        rules: ticked(rules),
        projection: projection.to_owned(),
        tests: ticked(tests),
    };
    assert!(!row.kinds.is_empty() || kinds == "absent", "{id}: names kinds, or says that they are absent");
    assert!(!row.rules.is_empty() || rules == "-", "{id}: {rules}");
    assert!(!row.tests.is_empty() || row.kinds.is_empty(), "{id}: what is recorded is tested");
    row
}

#[test]
fn every_row_of_the_sources_is_there_once() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows().into_iter().filter(|row| !row.id.starts_with('§')) {
        *seen.entry(row.id).or_default() += 1;
    }
    let numbered = SOURCES.iter().flat_map(|(source, n)| (1..=*n).map(move |i| format!("{source}-{i:02}")));
    let expected: BTreeSet<String> = numbered.chain(BODIES.iter().map(|b| (*b).to_owned())).collect();
    for (id, times) in &seen {
        assert_eq!(*times, 1, "{id} stands there more than once");
        assert!(expected.contains(id), "{id} is no row of the sources");
    }
    let missing: Vec<_> = expected.iter().filter(|id| !seen.contains_key(*id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_kind_and_fact_that_is_named_exists_and_none_is_left_out() {
    let (mut kinds, mut words) = (BTreeSet::new(), BTreeSet::new());
    for row in rows() {
        for name in row.kind_names() {
            let kind = Vocabulary::get().kind(name).unwrap_or_else(|| panic!("{}: no kind {name}", row.id));
            kinds.insert(kind.short_name.clone());
        }
        for word in row.facts() {
            assert!(facts::WORDS.contains(&word), "{}: no fact {word}", row.id);
            words.insert(word.to_owned());
        }
    }
    let left: Vec<_> =
        Vocabulary::get().kinds().iter().map(|k| &k.short_name).filter(|k| !kinds.contains(*k)).collect();
    assert!(left.is_empty(), "kinds that no row names: {left:?}");
    let left: Vec<_> = facts::WORDS.iter().filter(|w| !words.contains(**w)).collect();
    assert!(left.is_empty(), "facts that no row names: {left:?}");
}

#[test]
fn every_role_that_a_row_names_may_sign_one_of_its_kinds() {
    for row in rows() {
        for role in &row.roles {
            let signs = |name: &str| {
                let kind = Vocabulary::get().kind(name).expect("checked above");
                kind.signers.iter().any(|set| set.require.iter().any(|r| r.role == *role))
            };
            assert!(row.kind_names().any(signs), "{}: {role} signs none of {:?}", row.id, row.kinds);
        }
        assert!(row.kinds.is_empty() || !row.roles.is_empty(), "{}: somebody signs it", row.id);
    }
}

#[test]
fn every_rule_that_is_named_exists() {
    for row in rows() {
        for rule in &row.rules {
            let explained = format!("({rule})");
            let known = Code::ALL.iter().any(|c| c.as_str() == rule || c.explain().contains(&explained))
                || Rule::ALL.iter().any(|clock| clock.as_str() == rule)
                || NO_REFUSAL.contains(&rule.as_str());
            assert!(known, "{}: no rule {rule}", row.id);
        }
    }
}

#[test]
fn every_projection_and_test_that_is_named_exists() {
    let sources: Vec<String> = ["proto", "ledger", "services", "tests"]
        .iter()
        .flat_map(|dir| rust_files(&Path::new(ROOT).join(dir)))
        .map(|file| fs::read_to_string(file).expect("our own source is readable"))
        .collect();
    let tests: BTreeSet<&str> = sources.iter().flat_map(|text| tests_in(text)).collect();
    assert!(tests.len() > 300, "got {}", tests.len());
    for row in rows() {
        let fold = format!("const NAME: &'static str = \"{}\";", row.projection);
        let shown = row.projection == "absent" || sources.iter().any(|text| text.contains(&fold));
        assert!(shown, "{}: no projection {}", row.id, row.projection);
        for test in &row.tests {
            assert!(tests.contains(test.as_str()), "{}: no test {test}", row.id);
        }
    }
}

/// Names of the functions that stand right behind `#[test]`.
fn tests_in(text: &str) -> impl Iterator<Item = &str> {
    let after = text.split("#[test]").skip(1);
    after.filter_map(|rest| rest.trim_start().strip_prefix("fn ")?.split('(').next())
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir).expect("a folder of ours") {
        let path = item.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}
