//! Templates, manifests and files of residents under damage: refused, or read as exactly the bytes that they are;
//! and nothing panics. `tests/fuzz` looks for more of the same.

use projector::dataset::population::Population;
use proptest::prelude::*;
use submissions::manifest::{FORMAT_VERSION, FileDigest, Manifest};
use submissions::{publication, template};
use template::Template;

fn manifest() -> Vec<u8> {
    let file = |name: &str| FileDigest::of(name, name.as_bytes());
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        ledger: "scrutiny.example/kent".to_owned(),
        body: "Kent \u{1f} \"police\" £".to_owned(),
        period: "2025-06".to_owned(),
        template: "monthly".to_owned(),
        template_version: 1,
        projection: "dataset".to_owned(),
        definition_version: 2,
        tree_size: u64::MAX,
        root: "AAAA".to_owned(),
        inputs: vec![file("template.yaml")],
        files: vec![file("a.csv"), file("b.ods")],
    };
    manifest.to_bytes()
}

fn read(file: &[u8]) {
    if let Ok(manifest) = Manifest::parse(file) {
        assert_eq!(manifest.to_bytes(), file, "its digest is that of the file");
    }
    let Ok(text) = std::str::from_utf8(file) else { return };
    if let Ok(template) = Template::parse(text) {
        assert_eq!(template.file, text);
        assert!(template.tables.iter().all(|table| !table.name.contains(['/', '\\', '.'])));
        assert_eq!(Template::parse(text), Ok(template), "twice the same");
    }
    if let Ok(population) = Population::parse(text) {
        assert_eq!(population.file, text);
    }
}

/// Each bomb has a thousand million leaves, or as many levels as it has bytes.
#[test]
fn a_template_that_grows_when_it_is_read_is_refused_at_once() {
    let doubled = |n: usize| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","));
    let aliases = format!("a0: &a0 [x]\n{}", (1..10).map(doubled).collect::<String>());
    let deep = format!("template: {}", "[".repeat(template::MAX_TEMPLATE_BYTES - 100));
    let before = std::time::Instant::now();
    for bomb in [aliases, deep] {
        assert!(Template::parse(&bomb).is_err());
    }
    assert!(before.elapsed().as_secs() < 10, "{:?}", before.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_damaged_file_is_refused_or_read_as_it_is(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..12, "[ -~\n]{0,8}"),
            1..4,
        ),
    ) {
        let ours = template::OURS.iter().chain(&publication::OURS).map(|(_, file)| file.as_bytes().to_vec());
        let residents = "year,force,area,all,White,Mixed,Asian,Black,Other\n2021,kent,x,5,1,1,1,1,1\n";
        let files: Vec<Vec<u8>> = ours.chain([manifest(), residents.as_bytes().to_vec()]).collect();
        let mut bytes = which.get(&files).clone();
        read(&bytes);
        for (at, cut, put) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, put.into_bytes());
        }
        read(&bytes);
    }
}
