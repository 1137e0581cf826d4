//! The desk: from statements handed in to answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use host::Clock;
use host::bus::Bus;
use host::bus::names::Force;
use ledger_core::sshsig::KeyCache;
use ledger_core::statement::Statement;
use ledger_core::wire::{
    Answered, RefusalClass, RefusalNotice, Refused, Submission, Verdict, Versions, VersionsRequest,
};
use scrutiny_proto::vocabulary::Vocabulary;
use tokio::time::Instant;

use crate::form::{self, Checked, refused};
use crate::freshness::Freshness;
use crate::judge::{Judged, judge};
use crate::outgoing::{Name, Outgoing, Ticket, What, outcome};
use crate::{Replica, Service};

/// Code of the refusal of a kind that another desk takes. It is the desk's own: a recorder takes all of them.
pub const WRONG_DESK: &str = "WRONG-DESK";

/// How long a desk waits for others.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the replica, before it answers "not sure" and leaves the decision to the recorder. One message waits so
    /// long in all.
    pub freshness: Duration,
    /// For the inbox, before those who handed something in are told to send it again.
    pub passing_on: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        // A recorder commits in milliseconds, a broker that restarts is back in a few seconds, and an officer's
        // request lasts fifteen.
        Self { freshness: Duration::from_secs(2), passing_on: Duration::from_secs(10) }
    }
}

/// What a desk has done since it was opened.
#[derive(Debug, Default)]
pub struct Figures {
    /// Statements accepted.
    pub accepted: AtomicU64,
    /// Statements refused.
    pub refused: AtomicU64,
    /// Statements that could not be taken.
    pub unavailable: AtomicU64,
    /// Of those accepted, statements that the recorder decides on because nobody here was sure.
    pub unsure: AtomicU64,
}

/// The desk of one service. Opening it starts its sender; dropping it stops that.
pub struct Desk {
    service: Service,
    replica: Arc<dyn Replica>,
    outgoing: Outgoing,
    freshness: Freshness,
    limits: Limits,
    keys: Arc<KeyCache>,
    clock: Clock,
    figures: Arc<Figures>,
}

impl Desk {
    /// Opens a desk. It may be opened before the replica has caught up: until then it is never sure of a refusal.
    #[must_use]
    pub fn open(
        bus: &Bus,
        force: Force,
        service: Service,
        replica: Arc<dyn Replica>,
        clock: Clock,
        limits: Limits,
    ) -> Self {
        let outgoing = Outgoing::start(bus.clone(), force.clone(), service, limits.passing_on);
        let fresh = Freshness::start(bus.clone(), force, replica.clone(), outgoing.clone(), limits.freshness);
        Self {
            service,
            replica,
            outgoing,
            freshness: fresh,
            limits,
            keys: Arc::default(),
            clock,
            figures: Arc::default(),
        }
    }

    /// Takes statements, in order, and answers for each.
    pub async fn take(&self, submissions: Vec<Submission>, traceparent: Option<&str>) -> Vec<Verdict> {
        let started = Instant::now();
        let keys = self.keys.clone();
        let checked = tokio::task::spawn_blocking(move || form::check(submissions, &keys)).await;
        let checked = checked.expect("checking a statement does not panic");
        let mut now = Now { sure: false, until: Instant::now() + self.limits.freshness, traceparent };
        let mut taken = Vec::with_capacity(checked.len());
        for one in checked {
            taken.push(self.take_one(one, &mut now).await);
        }
        let mut verdicts = Vec::with_capacity(taken.len());
        for Taken { id, digest, ticket, then } in taken {
            let answered = match outcome(ticket).await {
                Ok(()) => then.map_or(Answered::Accepted, Answered::Refused),
                Err(unsent) => Answered::Unavailable(unsent.to_string()),
            };
            self.count(&answered);
            verdicts.push(Verdict { id, digest, answered });
        }
        metrics::histogram!("scrutiny_desk_answer_seconds", "service" => self.service.name())
            .record(started.elapsed());
        verdicts
    }

    /// How many entries streams hold, as the replica knows.
    #[must_use]
    pub fn versions(&self, VersionsRequest(streams): &VersionsRequest) -> Option<Versions> {
        let mut found = None;
        self.replica.look(&mut |store, _| {
            let versions =
                streams.iter().map(|stream| store.stream_version(stream)).collect::<Result<_, _>>();
            found = versions.ok().map(|versions| Versions { size: store.head().size, versions });
        });
        found
    }

    /// What it has done.
    #[must_use]
    pub fn figures(&self) -> Arc<Figures> {
        self.figures.clone()
    }

    async fn take_one(&self, checked: Checked, now: &mut Now<'_>) -> Taken {
        let Checked { submission, digest, id, key_ids, statement } = checked;
        let verdict = match &statement {
            Err(refused) => Err(refused.clone()),
            Ok(statement) => match self.wrong_desk(&statement.kind) {
                Some(refused) => Err(refused),
                None => self.judge(&submission, statement, now).await,
            },
        };
        let traceparent = now.traceparent.map(str::to_owned);
        let (what, then) = match verdict {
            Ok(()) => {
                now.sure = false;
                (What::Statement(submission, statement.ok().and_then(|s| name(&s))), None)
            }
            Err(refused) => {
                let refused_at_ms = self.clock.now_ms();
                let notice = RefusalNotice { id, digest, key_ids, refused: refused.clone(), refused_at_ms };
                (What::Notice(notice), Some(refused))
            }
        };
        Taken { id, digest, ticket: self.outgoing.send(what, traceparent).await, then }
    }

    /// Charter and rules. A refusal is only given by a replica that has seen all that came before.
    async fn judge(
        &self,
        submission: &Submission,
        statement: &Statement,
        now: &mut Now<'_>,
    ) -> Result<(), Refused> {
        let Judged::Refused(refusal) = self.look(submission, statement) else { return Ok(()) };
        if now.sure {
            return Err(refused(refusal));
        }
        let wait = tokio::time::timeout_at(now.until, self.freshness.reached());
        now.sure = wait.await.unwrap_or(false);
        if !now.sure {
            self.figures.unsure.fetch_add(1, Relaxed);
            metrics::counter!("scrutiny_desk_unsure_total", "service" => self.service.name()).increment(1);
            return Ok(());
        }
        match self.look(submission, statement) {
            Judged::Fine => Ok(()),
            Judged::Refused(refusal) => Err(refused(refusal)),
        }
    }

    fn look(&self, submission: &Submission, statement: &Statement) -> Judged {
        let now_ms = self.clock.now_ms();
        let mut judged = Judged::Fine;
        self.replica.look(&mut |store, state| judged = judge((store, state), submission, statement, now_ms));
        judged
    }

    /// A kind that another desk takes. One that nobody knows is for the rules to refuse.
    fn wrong_desk(&self, kind: &str) -> Option<Refused> {
        let service = Service::of_name(kind).filter(|service| *service != self.service)?;
        let sentence = format!("{kind} is handed in at the desk \"{service}\"; this is \"{}\"", self.service);
        Some(Refused { code: WRONG_DESK.to_owned(), sentence, class: RefusalClass::Refused })
    }

    fn count(&self, answered: &Answered) {
        let counter = match answered {
            Answered::Accepted => &self.figures.accepted,
            Answered::Refused(_) => &self.figures.refused,
            Answered::Unavailable(_) => &self.figures.unavailable,
        };
        counter.fetch_add(1, Relaxed);
        let answer = match answered {
            Answered::Accepted => "accepted",
            Answered::Refused(_) => "refused",
            Answered::Unavailable(_) => "unavailable",
        };
        metrics::counter!("scrutiny_desk_statements_total", "service" => self.service.name(), "answer" => answer)
            .increment(1);
    }
}

/// What the statements of one message share.
struct Now<'a> {
    /// The replica has seen everything that came before, and nothing of this message was passed on since.
    sure: bool,
    /// Until when somebody waits for that.
    until: Instant,
    traceparent: Option<&'a str>,
}

/// A statement on its way, or its refusal.
struct Taken {
    id: Option<ledger_core::ids::StatementId>,
    digest: ledger_core::hash::Hash,
    ticket: Ticket,
    then: Option<Refused>,
}

fn name(statement: &Statement) -> Option<Name> {
    let kind = Vocabulary::get().kind(&statement.kind)?;
    Some(Name { id: statement.id.to_string(), kind, stream: statement.stream.to_string() })
}
