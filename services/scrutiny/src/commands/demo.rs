//! `scrutiny demo`: two real inspections and a month of real searches, from the first key to the audit.

mod second_act;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ledger_core::ids::Origin;
use ledger_draft::{Draft, Person};
use serde_json::{Value, json};

use super::key::{self, Role};
use super::{init, register, verify};
use crate::cli::{self, Common, Demo, Trust};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count, indent, table};
use crate::signing;
use crate::writing::Writer;

const ORIGIN: &str = "scrutiny.example/demo";

/// The files of `demo/`, in the order they are recorded. Built in, so that the program needs nothing
/// beside it; a person reads and copies them from the project.
const PEOPLE: &str = include_str!("../../../../demo/people.yaml");
const FILES: [(&str, &str); 9] = [
    ("01-bodies.yaml", include_str!("../../../../demo/01-bodies.yaml")),
    ("02-spotlight-report.yaml", include_str!("../../../../demo/02-spotlight-report.yaml")),
    ("03-cambridgeshire-april-2021.yaml", include_str!("../../../../demo/03-cambridgeshire-april-2021.yaml")),
    ("04-cumbria-response.yaml", include_str!("../../../../demo/04-cumbria-response.yaml")),
    ("05-peel-2021-22.yaml", include_str!("../../../../demo/05-peel-2021-22.yaml")),
    ("06-peel-responses.yaml", include_str!("../../../../demo/06-peel-responses.yaml")),
    ("07-letter-august-2022.yaml", include_str!("../../../../demo/07-letter-august-2022.yaml")),
    ("08-peel-2018-legitimacy.yaml", include_str!("../../../../demo/08-peel-2018-legitimacy.yaml")),
    ("09-legitimacy-2017.yaml", include_str!("../../../../demo/09-legitimacy-2017.yaml")),
];

pub(crate) fn run(args: &Demo, out: Output) -> Done {
    let last = last_file(args)?;
    if args.dir.exists() {
        let sentence = format!("{}: is there already; remove it, or name another folder", args.dir.display());
        return Err(Stop::Conflict(sentence));
    }
    std::fs::create_dir_all(&args.dir).map_err(io(&args.dir))?;
    let at = common(&args.dir);
    out.say(&format!("1. Founding a ledger in {}", at.ledger.display()));
    let origin: Origin = ORIGIN.parse().expect("the demo's origin is one");
    let people = Person::parse_many(PEOPLE).map_err(|e| Stop::Usage(format!("demo/people.yaml: {e}")))?;
    let roots = holders(&people, "ROOT");
    let vkeys = init::found(&origin, &roots, &at, out)?;

    let writer = Writer::open(&at, out)?;
    out.say(&format!("2. Making and enrolling {}", count(people.len() as u64, "key", "keys")));
    enrol(&people, &writer, out)?;
    out.say("3. Recording what was published, answered and decided");
    let mut summary = Summary::default();
    for (name, text) in FILES.iter().take(last + 1) {
        let drafts = record(name, text, &writer, out)?;
        out.say(&format!("   {name}: {}", count(drafts.len() as u64, "statement", "statements")));
        drafts.iter().for_each(|draft| summary.add(draft));
    }
    writer.publish()?;
    drop(writer);
    out.result("demo", &summary.text(), || summary.to_json());
    if args.until.is_some() {
        out.say(&next(&at));
        return Ok(());
    }

    out.say(&format!("\n4. The register of findings, as of {}\n", args.as_of));
    let when = cli::AsOf { as_of: Some(args.as_of), at: None };
    let view =
        cli::Register { when, csv: None, body: None, report: None, services: cli::Services::default() };
    register::run(&view, &at, out)?;
    second_act::run(&args.dir, &people, &at, out)?;
    out.say("\n9. The audit: everything recomputed from bytes, against the log key made in step 1\n");
    let trust = Trust { policy: None, vkey: vec![vkeys[0].clone()] };
    verify::run(&cli::Verify { target: None, trust, remember: Vec::new(), genesis: None }, &at, out)?;
    out.say(&next(&at));
    Ok(())
}

/// Which file to stop after: the one asked for, or the last.
fn last_file(args: &Demo) -> Done<usize> {
    let Some(until) = &args.until else { return Ok(FILES.len() - 1) };
    FILES.iter().position(|(name, _)| name == until).ok_or_else(|| {
        let names: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        Stop::Usage(format!("--until: {until:?} is none of {}", names.join(", ")))
    })
}

fn common(dir: &Path) -> Common {
    Common { ledger: dir.join("ledger"), keys: dir.join("keys"), json: false, quiet: false }
}

/// Everybody who holds a role, as signers in it: "first-root as ROOT of ledger-office".
fn holders(people: &[Person], role: &str) -> Vec<String> {
    let signer = |person: &Person| {
        let held = person.roles.iter().find(|held| held.role == role)?;
        Some(format!("{} as {role} of {}", person.key, held.body))
    };
    people.iter().filter_map(signer).collect()
}

/// The roots make the key administrators, and those make everybody else.
fn enrol(people: &[Person], writer: &Writer, out: Output) -> Done {
    let (roots, registrars) = (holders(people, "ROOT"), holders(people, "KA"));
    let progress = out.progress(people.len() as u64, "enrolling");
    for person in people.iter().filter(|person| !person.is_root()) {
        let is_registrar = person.roles.iter().any(|held| held.role == "KA");
        enrol_one(person, if is_registrar { &roots } else { &registrars }, writer)?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(())
}

fn enrol_one(person: &Person, by: &[String], writer: &Writer) -> Done {
    let key = writer.keyring.create(&person.key)?.public;
    let proof = key::possession(writer, &key)?;
    writer.record_value(&key::enrolment(&key, &proof, Some(&person.office), by))?;
    for held in &person.roles {
        let role = Role {
            role: held.role.clone(),
            body: held.body.clone(),
            acting: held.acting,
            pseudonym: held.pseudonym.clone().unwrap_or_default(),
        };
        writer.record_value(&key::assignment(
            &role,
            &key,
            held.valid_from.as_deref().unwrap_or_default(),
            held.valid_to.as_deref().unwrap_or_default(),
            by,
        ))?;
    }
    Ok(())
}

fn record(name: &str, text: &str, writer: &Writer, out: Output) -> Done<Vec<Draft>> {
    let drafts = signing::parse_drafts(name, text)?;
    let progress = out.progress(drafts.len() as u64, "recording");
    for draft in &drafts {
        writer.record(draft, &PathBuf::new()).map_err(|stop| match stop {
            Stop::Refused(why) => Stop::Refused(format!("{name}, line {}: {why}", draft.line)),
            other => other,
        })?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(drafts)
}

/// What was recorded: how many of each kind, and by whom.
#[derive(Default)]
struct Summary {
    kinds: BTreeMap<&'static str, (u64, BTreeSet<String>)>,
}

impl Summary {
    fn add(&mut self, draft: &Draft) {
        let (count, signers) = self.kinds.entry(&draft.kind.title).or_default();
        *count += 1;
        signers.extend(draft.signed_by.iter().map(|signer| signer.key.clone()));
    }

    fn text(&self) -> String {
        let row = |(title, (count, signers)): (&&str, &(u64, BTreeSet<String>))| {
            let signers: Vec<&str> = signers.iter().map(String::as_str).collect();
            [count.to_string(), (*title).to_owned(), signers.join(", ")]
        };
        format!(
            "\nWhat was recorded\n\n{}",
            indent(&table(["", "what", "signed by"], self.kinds.iter().map(row)))
        )
    }

    fn to_json(&self) -> Value {
        let row = |(title, (count, signers)): (&&str, &(u64, BTreeSet<String>))| json!({ "title": title, "count": count, "signed_by": signers });
        self.kinds.iter().map(row).collect()
    }
}

fn next(at: &Common) -> String {
    let (ledger, keys) = (at.ledger.display(), at.keys.display());
    format!(
        "\nWhat to try next:\n  \
         export SCRUTINY_LEDGER={ledger} SCRUTINY_KEYS={keys}\n  \
         scrutiny show obligation/cambridgeshire/dupp-2021/7/0     one obligation's whole history\n  \
         scrutiny register --body cambridgeshire --as-of 2021-08-01\n  \
         scrutiny sample show rgrg-2024-04                         what was drawn, and from what\n  \
         scrutiny import export-source 2024-04-cambridgeshire-stop-and-search.csv   the file again, byte for byte\n  \
         scrutiny kinds ObligationClosed                           who may close, and how\n  \
         scrutiny export {ledger} export                           everything a stranger needs to verify it\n\
         (`cargo install --path services/scrutiny` puts `scrutiny` on your path; until then\n\
         `cargo run --` stands for it.)"
    )
}
