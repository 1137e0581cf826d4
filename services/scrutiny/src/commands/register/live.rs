//! The register as a projector has it now.

use std::fmt::Write as _;
use std::time::Duration;

use host::bus::names::Force;
use host::bus::{Bus, Headers, RequestError};
use projector::service::{Ask, Form};
use projector::table::csv_cell;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::{self, Common};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count, table_of};
use crate::reach;

/// How long services have to say that they are there.
const SURVEY: Duration = Duration::from_secs(1);

/// How long a view may take.
const ANSWER: Duration = Duration::from_secs(10);

/// An answer: where it stands, and the view in the form that was wanted.
#[derive(Deserialize)]
struct Answer {
    tree_size: u64,
    root: String,
    covered_by_checkpoint: u64,
    #[serde(default)]
    document: Value,
    #[serde(default)]
    table: Shown,
}

#[derive(Deserialize, Default)]
struct Shown {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

pub(super) fn run(args: &cli::Register, at: &Common, out: Output) -> Done {
    if args.when.at.is_some() {
        let sentence =
            "--at: a projector answers for the ledger as it is now; leave out --to to replay an earlier size";
        return Err(Stop::Usage(sentence.to_owned()));
    }
    let form = if out.is_json() { Form::Json } else { Form::Table };
    let ask = Ask {
        view: "register".to_owned(),
        as_of: args.when.as_of.map_or_else(String::new, |day| day.to_string()),
        body: args.body.clone().unwrap_or_default(),
        report: args.report.clone().unwrap_or_default(),
        form,
    };
    let (answer, rows) = reach::wait_for(async {
        let bus = reach::reach(&args.services, &at.ledger).await?;
        let force = projector_of(&bus).await?;
        let answer = asked(&bus, &force, &ask).await?;
        let rows = match &args.csv {
            Some(_) if form == Form::Json => {
                asked(&bus, &force, &Ask { form: Form::Table, ..ask }).await?.table
            }
            _ => Shown::default(),
        };
        Ok((answer, rows))
    })?;
    if let Some(file) = &args.csv {
        let shown = if form == Form::Json { &rows } else { &answer.table };
        std::fs::write(file, shown.to_csv()).map_err(io(file))?;
        out.say(&format!("{}: {} rows", file.display(), shown.rows.len()));
    }
    out.result("register", &answer.text(), || answer.json());
    Ok(())
}

/// The force whose projector answers here.
async fn projector_of(bus: &Bus) -> Done<Force> {
    let seen =
        bus.survey(SURVEY).await.map_err(|e| Stop::Io(format!("the services cannot be asked: {e}")))?;
    let mut forces: Vec<String> = seen
        .into_iter()
        .filter(|service| service.name == "projector")
        .filter_map(|mut service| service.metadata.remove("force"))
        .collect();
    forces.sort();
    forces.dedup();
    match forces.as_slice() {
        [force] => Force::parse(force).map_err(|e| Stop::Io(format!("the projector's force: {e}"))),
        [] => Err(Stop::NotFound("no projector answers there; `scrutiny status` lists who does".to_owned())),
        several => Err(Stop::Usage(format!("several projectors answer there: {}", several.join(", ")))),
    }
}

async fn asked(bus: &Bus, force: &Force, ask: &Ask) -> Done<Answer> {
    let question = serde_json::to_vec(ask).expect("a question of our own serialises");
    let subject = force.endpoint("projector", "view");
    let answer = bus.request(&subject, Headers::new(), question.into(), ANSWER).await;
    let answer = answer.map_err(|error| match error {
        RequestError::Refused { code: 400, sentence } => Stop::Usage(sentence),
        RequestError::Refused { code: 413, sentence } => Stop::CannotDecide(sentence),
        other => Stop::Io(other.to_string()),
    })?;
    serde_json::from_slice(&answer.payload)
        .map_err(|e| Stop::Io(format!("the projector's answer does not read: {e}")))
}

impl Answer {
    fn text(&self) -> String {
        let Shown { title, columns, rows, notes } = &self.table;
        let mut text = format!("{title}\n\n");
        for note in notes {
            let _ = writeln!(text, "  {note}");
        }
        if rows.is_empty() {
            text.push_str("\n  Nothing is owed yet.\n");
        } else {
            text.push('\n');
            text.push_str(&table_of(columns, rows));
        }
        let entries = count(self.tree_size, "entry", "entries");
        let _ = write!(text, "\nComputed from {entries} with root {}, ", self.root);
        text.push_str(&match self.tree_size - self.covered_by_checkpoint.min(self.tree_size) {
            0 => "all of them under a checkpoint that the projector checked.".to_owned(),
            _ if self.covered_by_checkpoint == 0 => "read beside the recorder.".to_owned(),
            n => format!("the last {n} not under a checkpoint yet."),
        });
        text
    }

    fn json(&self) -> Value {
        let mut document = self.document.clone();
        document["covered_by_checkpoint"] = json!(self.covered_by_checkpoint);
        document
    }
}

impl Shown {
    fn to_csv(&self) -> String {
        let line = |cells: &Vec<String>| {
            let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
            format!("{}\r\n", cells.join(","))
        };
        std::iter::once(&self.columns).chain(&self.rows).map(line).collect()
    }
}
