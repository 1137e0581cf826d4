//! The table: who may send and hear what.

use std::fmt;

use crate::bus::names::Force;
use crate::bus::{SERVER_SETTINGS, StreamSpec};

/// Somebody on a force's bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Takes statements from the inbox, appends to the sealed stream, tells receipts.
    Recorder,
    /// Takes reviews.
    Review,
    /// Takes inspections.
    Inspection,
    /// Takes responses.
    Response,
    /// Follows the sealed stream.
    Projector,
    /// Hands in statements and hears receipts.
    Officer,
    /// Makes and changes streams, and nothing else.
    Provisioning,
    /// Looks how everybody is.
    Status,
}

/// What one identity may do. Everything else is forbidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    /// Subjects it may send to.
    pub publish: Vec<String>,
    /// Subjects it may hear.
    pub subscribe: Vec<String>,
}

impl Identity {
    /// Everybody.
    pub const ALL: [Identity; 8] = [
        Identity::Recorder,
        Identity::Review,
        Identity::Inspection,
        Identity::Response,
        Identity::Projector,
        Identity::Officer,
        Identity::Provisioning,
        Identity::Status,
    ];

    /// Its name: the process's, the seed file's, the inbox's.
    pub fn name(self) -> &'static str {
        match self {
            Identity::Recorder => "recorder",
            Identity::Review => "review",
            Identity::Inspection => "inspection",
            Identity::Response => "response",
            Identity::Projector => "projector",
            Identity::Officer => "officer",
            Identity::Provisioning => "provisioning",
            Identity::Status => "status",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Identity> {
        Identity::ALL.into_iter().find(|identity| identity.name() == name)
    }

    /// What it may do on the bus of a force.
    pub fn permissions(self, force: &Force) -> Permissions {
        let mut may = Permissions {
            publish: vec![SERVER_SETTINGS.to_owned()],
            subscribe: vec![format!("_INBOX_{}.>", self.name())],
        };
        match self {
            Identity::Recorder => may.record(force),
            Identity::Review | Identity::Inspection | Identity::Response => {
                may.publish.push(format!("ev.{force}.{self}.>"));
                may.subscribe.push(force.receipt(self.name(), "*"));
                may.measure(&force.inbox());
                may.follow(force);
            }
            Identity::Projector => may.follow(force),
            Identity::Officer => {
                for desk in ["review", "inspection", "response", "projector"] {
                    may.publish.push(force.endpoint(desk, ">"));
                }
                may.ask_the_recorder(force);
                may.subscribe.push(format!("rcpt.{force}.>"));
            }
            Identity::Provisioning => may.publish.push("$JS.API.>".to_owned()),
            Identity::Status => may.survey(force),
        }
        if self.serves() {
            may.serve(self.name(), force);
        }
        may
    }

    fn serves(self) -> bool {
        !matches!(self, Identity::Officer | Identity::Provisioning | Identity::Status)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a server wants the answers to questions that it took over from another account: the hub's.
pub(super) const QUESTIONS_FROM_ELSEWHERE: &str = "_R_.>";

/// The name of the inbox's only reader.
const READER: &str = "recorder";

impl Permissions {
    fn record(&mut self, force: &Force) {
        let inbox = force.inbox().name;
        self.publish.extend([
            force.sealed(),
            force.leading(),
            force.addendum("*"),
            // What is erased from the ledger goes from there too; nothing can be erased from the other streams.
            format!("$JS.API.STREAM.MSG.DELETE.{}", force.addenda().name),
            // The only one who asks for addenda: by name, as all else that may be asked of a recorder.
            force.endpoint("recorder", "addenda"),
            format!("rcpt.{force}.>"),
            format!("$JS.API.CONSUMER.CREATE.{inbox}.{READER}"),
            format!("$JS.API.CONSUMER.MSG.NEXT.{inbox}.{READER}"),
            format!("$JS.API.CONSUMER.INFO.{inbox}.{READER}"),
            format!("$JS.API.CONSUMER.RESET.{inbox}.{READER}"),
            // Both forms of an acknowledgement's subject: nine tokens, or twelve with domain and account.
            format!("$JS.ACK.{inbox}.{READER}.>"),
            format!("$JS.ACK.*.*.{inbox}.{READER}.>"),
        ]);
        self.subscribe.extend([force.leading(), force.addendum("*")]);
        self.look_at(&force.inbox());
        self.look_at(&force.addenda());
        self.follow(force);
    }

    /// What the recorder answers to anybody of the force.
    fn ask_the_recorder(&mut self, force: &Force) {
        let endpoints = ["head", "entries", "receipt", "versions"];
        self.publish.extend(endpoints.map(|endpoint| force.endpoint("recorder", endpoint)));
    }

    /// Follows the sealed stream, and asks the recorder for what the stream has lost. Without a reader of its own on the
    /// server: one delivers wherever its maker says, also to `$JS.API.STREAM.DELETE.<stream>`.
    fn follow(&mut self, force: &Force) {
        let sealed = force.sealed_log();
        self.ask_the_recorder(force);
        self.subscribe.push(force.sealed());
        self.look_at(&sealed);
    }

    /// How much a stream holds and how it is configured, and not what is in it: sealed content, on its way.
    fn measure(&mut self, stream: &StreamSpec) {
        self.publish.push(format!("$JS.API.STREAM.INFO.{}", stream.name));
    }

    /// That, and every message.
    pub(super) fn look_at(&mut self, stream: &StreamSpec) {
        self.measure(stream);
        self.publish.push(format!("$JS.API.STREAM.MSG.GET.{}", stream.name));
    }

    fn survey(&mut self, force: &Force) {
        self.publish.extend(["$SRV.PING", "$SRV.INFO", "$SRV.STATS"].map(str::to_owned));
        self.look_at(&force.sealed_log());
        self.measure(&force.inbox());
        self.measure(&force.addenda());
        self.subscribe.push(force.leading());
        self.publish.push(format!("$JS.API.CONSUMER.INFO.{}.{READER}", force.inbox().name));
        self.publish.push(force.endpoint("recorder", "head"));
        // What the projector shows is for whoever may look: `scrutiny register --to`.
        self.publish.push(force.endpoint("projector", ">"));
    }

    fn serve(&mut self, name: &str, force: &Force) {
        self.subscribe.extend([
            force.endpoint(name, ">"),
            "$SRV.*".to_owned(),
            format!("$SRV.*.{name}"),
            format!("$SRV.*.{name}.*"),
        ]);
        // Answers go to the inboxes of those who may ask, by name. What a broker grants of itself (`allow_responses`) is
        // wherever the question says, past every list: to `$JS.API.STREAM.DELETE.<stream>` as well.
        let all = name == Identity::Recorder.name();
        let askers = if all { &Identity::ALL[..] } else { &[Identity::Officer, Identity::Status] };
        self.publish.extend(askers.iter().map(|asker| format!("_INBOX_{asker}.>")));
        if all {
            self.publish.push(QUESTIONS_FROM_ELSEWHERE.to_owned());
        }
    }
}
