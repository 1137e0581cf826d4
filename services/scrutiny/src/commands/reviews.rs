//! `scrutiny reviews`, `panels`, `learning`: what was reviewed, rated and learnt, and what waits.

use ledger_rules::civil::Day;
use projector::reviews::ReviewsView;
use serde_json::json;

use crate::cli::{AllReviews, Common, View};
use crate::exit::{Done, Stop};
use crate::output::Output;
use crate::reading::Book;
use crate::viewing;

pub(crate) fn run(args: &AllReviews, at: &Common, out: Output) -> Done {
    let as_of = viewing::today_or(args.view.when.as_of)?;
    let period = args.month.as_deref().map(month).transpose()?;
    check_level(args)?;
    let (all, standing) = viewing::fold(&Book::open(&at.ledger)?, args.view.when.at, out)?;
    let mut view = all.reviews.view_of(as_of, &standing, period);
    keep(&mut view, args);
    let table = match &args.record {
        Some(record) if view.reviews.is_empty() && view.outstanding.is_empty() => {
            return Err(Stop::NotFound(format!(
                "{record} is no record of a force's own and was not drawn in a sample; a record is search/… or uof/…"
            )));
        }
        Some(record) => view.record_table(record),
        None if args.outstanding || args.overdue => view.outstanding_table(),
        None => view.to_table(),
    };
    let nothing = match (args.overdue, args.outstanding) {
        (true, _) => "Nothing is overdue.",
        (_, true) => "Nothing waits for a review.",
        _ => "No record waits for a review. `scrutiny kinds UseOfForceRecorded` shows how one is recorded.",
    };
    viewing::csv(args.view.csv.as_deref(), &table, out)?;
    out.result("reviews", &viewing::text(&table, nothing, &standing), || json!(view));
    let no_days = view.levels.iter().any(|level| level.days.is_none() && level.reviewed < level.all);
    if no_days && args.record.is_none() {
        out.say("\nWhere no number of days was adopted (ReviewPeriodAdopted), nothing says when a review is late.");
    }
    Ok(())
}

fn keep(view: &mut ReviewsView, args: &AllReviews) {
    let body = |of: &str| args.view.body.as_ref().is_none_or(|wanted| wanted == of);
    let level = |of: &str| args.level.as_ref().is_none_or(|wanted| wanted == of);
    let record = |of: &str| args.record.as_ref().is_none_or(|wanted| wanted == of);
    view.levels.retain(|l| body(&l.body) && level(l.level));
    view.outstanding.retain(|o| body(&o.body) && level(&o.level) && record(&o.record));
    view.reviews.retain(|r| body(&r.body) && level(&r.level) && record(&r.record));
    if args.overdue {
        view.outstanding.retain(|o| o.days_overdue.is_some());
    }
}

fn check_level(args: &AllReviews) -> Done {
    match &args.level {
        Some(level) if ledger_rules::review::level(level).is_none() => Err(Stop::Usage(format!(
            "--level: {level:?} is none of self, supervisor, irg, rgrg, taser_tl, taser_ttt, jps, superintendent"
        ))),
        _ => Ok(()),
    }
}

/// First and last day of "2023-10".
fn month(text: &str) -> Done<(Day, Day)> {
    let first: Option<Day> = format!("{text}-01").parse().ok();
    first
        .map(|day| (day, day.month_end(0)))
        .ok_or_else(|| Stop::Usage(format!("--month: a month is written 2023-10, got {text:?}")))
}

pub(crate) fn panels(args: &View, at: &Common, out: Output) -> Done {
    let (views, standing) = viewing::views(&args.when, at, out)?;
    let mut view = views.panels;
    if let Some(body) = &args.body {
        view.panels.retain(|panel| panel.panel == *body);
        view.sessions.retain(|session| session.panel == *body);
        view.conversations.retain(|held| held.conversation.split('/').nth(1) == Some(body));
    }
    let table = view.to_table();
    viewing::csv(args.csv.as_deref(), &table, out)?;
    out.result("panels", &viewing::text(&table, "No session of a panel is recorded.", &standing), || {
        json!(view)
    });
    out.say("\nA rating is a word of its scale; `scrutiny flow` shows when a panel did not meet.");
    Ok(())
}

pub(crate) fn learning(args: &View, at: &Common, out: Output) -> Done {
    let (views, standing) = viewing::views(&args.when, at, out)?;
    let mut view = views.learning;
    if let Some(body) = &args.body {
        let of = |signed_by: &str| signed_by.split(" and ").any(|one| one.ends_with(&format!(" of {body}")));
        view.points.retain(|point| of(&point.signed_by) || point.adopted.iter().any(|a| a.by == *body));
        view.issues.retain(|issue| issue.issue.split('/').nth(1) == Some(body));
    }
    let table = view.to_table();
    viewing::csv(args.csv.as_deref(), &table, out)?;
    out.result("learning", &viewing::text(&table, "No lesson is recorded.", &standing), || json!(view));
    Ok(())
}
