//! Every table of a workbook and its columns.

/// A table.
#[derive(Debug)]
pub struct Sheet {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub about: &'static str,
    /// True where each row is a field and its values, and not one of many things.
    pub upright: bool,
    /// Its columns, or fields.
    pub columns: &'static [Column],
}

/// A column, or a field of an upright table.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What belongs there.
    pub about: &'static str,
    /// What a template shows.
    pub example: &'static str,
    /// Whether it may stay empty.
    pub needed: bool,
    /// Whether one cell holds several values, with semicolons between them.
    pub list: bool,
    /// Whether a fraction is refused: 1.1 in a cell may have been typed as 1.10.
    pub exact: bool,
}

const fn column(name: &'static str, about: &'static str, example: &'static str) -> Column {
    Column { name, about, example, needed: false, list: false, exact: false }
}

impl Column {
    const fn needed(mut self) -> Self {
        self.needed = true;
        self
    }

    const fn list(mut self) -> Self {
        self.list = true;
        self
    }

    const fn exact(mut self) -> Self {
        self.exact = true;
        self
    }
}

impl Sheet {
    /// One of its columns.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A table by its name.
#[must_use]
pub fn sheet(name: &str) -> Option<&'static Sheet> {
    SHEETS.iter().find(|sheet| sheet.name == name)
}

/// All tables, in the order in which they are signed.
pub static SHEETS: [Sheet; 4] = [REPORT, FINDINGS, JUDGMENTS, OBLIGATIONS];

const REPORT: Sheet = Sheet {
    name: "report",
    about: "The report itself: one field to a row, its value beside it. Lists go on in the next cells, or take semicolons.",
    upright: true,
    columns: &[
        column("report", "Its name in streams, for ever", "example-2026").needed().exact(),
        column("title", "As printed on it", "An inspection of an example force").needed(),
        column("publisher", "A registered body", "hmicfrs").needed(),
        column("type", "national, force, thematic, joint or reinspection", "force").needed(),
        column("programme", "The programme it belongs to", "PEEL 2026"),
        column(
            "published_on",
            "The day, as 2026-03-31. Empty when no source says: no clock starts then",
            "2026-03-31",
        ),
        column("last_updated_on", "What a web page says; starts no clock", ""),
        column("url", "Where it was published", ""),
        column("recommendations", "How many the report says it makes", "1").exact(),
        column("areas_for_improvement", "How many the report says it makes", "1").exact(),
        column("causes_of_concern", "How many the report says it makes", "").exact(),
        column(
            "addressed_to",
            "Local policing bodies that must publish comments, s.55(5)",
            "cambridgeshire-lpb",
        )
        .list(),
        column("evidence", "What the report says it rests on", "").list(),
        column(
            "signed_by",
            "Who signs: the inspectorate, or two who attest its document",
            "KEY as HMI-T of cambridgeshire; OTHER-KEY as HMI-T of cambridgeshire",
        )
        .needed()
        .list(),
        column("occurred", "When, if not the day of publication; or: unknown", ""),
        column("occurred_words", "The words of the source on when", ""),
        column("imported", "no, where it is signed on the day itself", "yes"),
        column("document_title", "The document it was taken from", "The report as published (PDF)"),
        column("document_path", "Its file, beside this one; or the digest below", "report.pdf"),
        column("document_sha256", "64 hexadecimal digits", ""),
        column("document_type", "Its media type, where the file's ending does not say it", ""),
        column(
            "owed_by",
            "Bodies that owe an answer to every finding addressed to them or to forces",
            "cambridgeshire",
        )
        .list(),
        column("obligations_signed_by", "Who signs what is owed", "KEY as G&I of cambridgeshire").list(),
    ],
};

const FINDINGS: Sheet = Sheet {
    name: "findings",
    about: "A row for each finding. One that is answered in parts has a row for each part: same finding, its limb and the limb's text.",
    upright: false,
    columns: &[
        column("finding", "Its number in the report", "1").needed().exact(),
        column(
            "kind",
            "recommendation, area_for_improvement, cause_of_concern or innovative_practice",
            "recommendation",
        )
        .needed(),
        column("title", "In a few words", "Supervision").needed(),
        column(
            "text",
            "The finding, or a paraphrase",
            "Supervisors are to look at a sample of records every month.",
        ),
        column("limb", "The key of a part: a, b", "").exact(),
        column("limb_text", "What this part asks for", ""),
        column("addressees", "Bodies, or forces", "forces").needed().list(),
        column("due_words", "By when, in the words of the report", "By September 2026"),
        column("theme", "The chapter", ""),
        column("repeats", "The earlier finding or cycle it repeats", "").exact(),
    ],
};

const JUDGMENTS: Sheet = Sheet {
    name: "judgments",
    about: "A row for each graded area.",
    upright: false,
    columns: &[
        column("judgment", "Its name in streams: crime-recording", "using-resources").needed().exact(),
        column("area", "As written; unknown where the source gives a count and no name", "Using resources")
            .needed(),
        column("scheme", "four or five grades", "five").needed(),
        column("grade", "outstanding, good, adequate, requires_improvement or inadequate", "good").needed(),
        column("inspected", "yes where it was looked at this time", "yes").needed(),
        column("carried_over_from", "The cycle a carried-over grade comes from", "").exact(),
        column("judged_body", "Whose grade it is", "cambridgeshire").needed(),
    ],
};

const OBLIGATIONS: Sheet = Sheet {
    name: "obligations",
    about: "A row for each answer that is owed, where owed_by does not say it all: an owner, who oversees it, another signer.",
    upright: false,
    columns: &[
        column("body", "Who owes it", "").needed(),
        column("finding", "To which finding", "").needed().exact(),
        column("limb", "To which part of it; empty where it is one", "").exact(),
        column("strict_55_5b", "yes or no; empty: yes for a recommendation", ""),
        column("owner_role", "The role that owns it", ""),
        column("oversight", "Bodies that oversee it", "").list(),
        column("signed_by", "Who signs, if not obligations_signed_by", "").list(),
    ],
};
