//! `scrutiny conduct`: whether professional standards keep the law's limits.

use serde_json::json;

use crate::cli::{Common, Conduct};
use crate::exit::Done;
use crate::output::Output;
use crate::reading::Book;
use crate::viewing;

pub(crate) fn run(args: &Conduct, at: &Common, out: Output) -> Done {
    let as_of = viewing::today_or(args.view.when.as_of)?;
    let (all, standing) = viewing::fold(&Book::open(&at.ledger)?, args.view.when.at, out)?;
    let keep = |body: &str| args.view.body.as_ref().is_none_or(|wanted| wanted == body);
    let (table, data) = if args.cases {
        let mut view = all.conduct.cases(as_of, &standing);
        view.rows.retain(|row| keep(&row.body));
        (view.to_table(), json!(view))
    } else {
        let mut view = all.conduct.view(as_of, &standing);
        view.bodies.retain(|counts| keep(&counts.body));
        (view.to_table(), json!(view))
    };
    viewing::csv(args.view.csv.as_deref(), &table, out)?;
    out.result("conduct", &viewing::text(&table, "No clock is running.", &standing), || data);
    if args.cases {
        out.say("\nRestricted: pseudonyms, not for publication. Without --cases there are counts only.");
    }
    Ok(())
}
