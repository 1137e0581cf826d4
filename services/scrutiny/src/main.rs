//! The command line: everything a person, a script or an auditor does with a ledger.
//!
//! In scope: reading what people type, finding their keys, calling the house, and saying what came of it.
//! Out of scope: every decision. Whether a statement may be recorded is for `ledger-rules`, whether bytes
//! prove what they claim for `ledger-core` and `ledger-audit`.

mod agent;
mod cli;
mod commands;
mod counting;
mod courier;
mod exit;
mod keyring;
mod live;
mod outbox;
mod output;
mod reach;
mod reading;
mod signing;
mod trust;
mod viewing;
mod web;
mod withheld;
mod writing;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Bus, Cli, Command, Dataset, Import, Inspection, Key, Outbox, Response, Review, Sample};
use crate::exit::Done;
use crate::output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(&cli.common);
    let stop = run(cli, output).err();
    output.finish(stop.as_ref());
    stop.map_or(ExitCode::SUCCESS, |stop| stop.code())
}

fn run(cli: Cli, out: Output) -> Done {
    let at = &cli.common;
    match cli.command {
        Command::Demo(args) => commands::demo::run(&args, out),
        Command::Init(args) => commands::init::run(&args, at, out),
        Command::Key(Key::New(args)) => commands::key::new(&args, at, out),
        Command::Key(Key::Enrol(args)) => commands::key::enrol(&args, at, out),
        Command::Key(Key::List) => commands::key_list::run(at, out),
        Command::Key(Key::Rotate(args)) => commands::key::rotate(&args, at, out),
        Command::Key(Key::Suspend(args)) => commands::key::suspend(&args, false, at, out),
        Command::Key(Key::Reinstate(args)) => commands::key::suspend(&args, true, at, out),
        Command::Key(Key::Revoke(args)) => commands::key::revoke(&args, at, out),
        Command::Up(args) => commands::up::run(&args, at, out),
        Command::Bus(Bus::Provision(args)) => commands::bus::provision(&args, out),
        Command::Bus(Bus::Check(args)) => commands::bus::check(&args, at, out),
        Command::Hub(command) => commands::hub::run(&command, at, out),
        Command::Status(args) => commands::status::run(&args, at, out),
        Command::Record(args) => commands::record::run(&args, at, out),
        Command::Recorder(command) => commands::recorder::run(&command, at, out),
        Command::Outbox(Outbox::List) => commands::outbox::list(at, out),
        Command::Outbox(Outbox::Retry(args)) => commands::outbox::retry(&args, at, out),
        Command::Outbox(Outbox::Drop { id }) => commands::outbox::drop(&id, at, out),
        Command::Sign(args) => commands::sign::run(&args, at, out),
        Command::Import(Import::StopSearch(args)) => commands::import::stop_search(&args, at, out),
        Command::Import(Import::UseOfForce(args)) => commands::import::use_of_force(&args, at, out),
        Command::Import(Import::Sources(args)) => commands::import::sources(&args, at, out),
        Command::Import(Import::ExportSource(args)) => commands::import::export_source(&args, at, out),
        Command::Sample(Sample::Frame(args)) => commands::sample::frame(&args, at, out),
        Command::Sample(Sample::Draw(args)) => commands::sample::draw(&args, at, out),
        Command::Sample(Sample::Check(args)) => commands::sample::check(&args, at, out),
        Command::Sample(Sample::Show(args)) => commands::sample::show(&args, at, out),
        Command::Kinds(args) => commands::kinds::run(&args, out),
        Command::Show(args) => commands::show::run(&args, at, out),
        Command::Register(args) => commands::register::run(&args, at, out),
        Command::Flow(args) => commands::flow::run(&args, at, out),
        Command::Reviews(args) => commands::reviews::run(&args, at, out),
        Command::Panels(args) => commands::reviews::panels(&args, at, out),
        Command::Learning(args) => commands::reviews::learning(&args, at, out),
        Command::Pseudonym(args) => commands::pseudonym::run(&args, out),
        Command::Figures(args) => commands::figures::run(&args, at, out),
        Command::Dataset(Dataset::Months(args)) => commands::dataset::months(&args, at, out),
        Command::Dataset(Dataset::Show(args)) => commands::dataset::show(&args, at, out),
        Command::Dataset(Dataset::Coverage(args)) => commands::dataset::coverage(&args, at, out),
        Command::Dataset(Dataset::Issues(args)) => commands::dataset::issues(&args, at, out),
        Command::Dataset(Dataset::Table(args)) => commands::dataset::table_figures(&args, at, out),
        Command::Dataset(Dataset::Revisions(args)) => commands::dataset::revisions(&args, at, out),
        Command::Submission(command) => commands::submission::run(&command, at, out),
        Command::Publication(args) => commands::publication::run(&args, at, out),
        Command::Oversight(args) => commands::oversight::run(&args, at, out),
        Command::Offices(args) => commands::offices::run(&args, at, out),
        Command::Conduct(args) => commands::conduct::run(&args, at, out),
        Command::Inspection(Inspection::Import(args)) => commands::inspection::import(&args, at, out),
        Command::Review(Review::Import(args)) => commands::review::import(&args, at, out),
        Command::Response(Response::Draft(args)) => commands::response::draft(&args, at, out),
        Command::Response(Response::Form(args)) => commands::response::form(&args, at, out),
        Command::Response(Response::Assemble(args)) => commands::response::assemble(&args, at, out),
        Command::Response(Response::Status(args)) => commands::response::status(&args, at, out),
        Command::BoardPack(args) => commands::board_pack::run(&args, at, out),
        Command::Explain(args) => commands::explain::run(&args, at, out),
        Command::Clock(args) => commands::clock::run(&args, out),
        Command::Bodies(args) => commands::bodies::run(&args, at, out),
        Command::Prove(args) => commands::prove::run(&args, at, out),
        Command::Check(args) => commands::check::run(&args, out),
        Command::Verify(args) => commands::verify::run(&args, at, out),
        Command::Export(args) => commands::export::run(&args, out),
        Command::AllowedSigners(args) => commands::allowed_signers::run(&args, at, out),
        Command::Policy => commands::policy::run(at, out),
        Command::Scrub => commands::scrub::run(at, out),
        Command::Refusals { last } => commands::refusals::run(last, at, out),
        Command::Completions { shell } => commands::manual::completions(shell, out),
        Command::Manual { dir } => commands::manual::pages(&dir, out),
    }
}
