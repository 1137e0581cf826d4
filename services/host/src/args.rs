//! The command line of a service, made from its role: the same everywhere, and nothing to write twice.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use crate::config::{COMMON, Given, Key};
use crate::role::Role;

const CONFIG: &str = "config";
const PRINT: &str = "print-config";
const HEALTHCHECK: &str = "healthcheck";
const LIVE: &str = "live";

const ABOUT_CONFIG: &str = "\
A flag wins over the environment, the environment over the file, the file over the default. \
A secret is always the path of a file. `--print-config` shows what would hold, and where each value comes from.

SIGTERM or ctrl-c finishes what is in hand and stops; a second one stops at once. \
Exit codes: 0 stopped as asked, 1 failed, 2 not configured, 130 stopped at once.";

/// What a process was asked to do.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) what: What,
    pub(crate) given: Given,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Run,
    PrintConfig,
    /// Ask the one that runs already: whether it is ready, or only whether it is alive.
    Healthcheck {
        live: bool,
    },
}

/// The command line of a role.
#[must_use]
pub fn command(role: &'static Role) -> Command {
    let common = COMMON.iter().map(|key| ("", key));
    let own = role.keys.iter().map(|key| (role.name, key));
    let config = Arg::new(CONFIG)
        .long(CONFIG)
        .value_name("FILE")
        .env("SCRUTINY_CONFIG")
        .global(true)
        .value_parser(clap::value_parser!(PathBuf))
        .value_hint(ValueHint::FilePath)
        .help("A configuration file, in TOML");
    let print = Arg::new(PRINT)
        .long(PRINT)
        .action(ArgAction::SetTrue)
        .help("Print the configuration and where each value comes from, and run nothing");
    let live = Arg::new(LIVE)
        .long(LIVE)
        .action(ArgAction::SetTrue)
        .help("Ask only whether it is alive, not whether it is ready");
    Command::new(role.name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(role.about)
        .after_help(ABOUT_CONFIG)
        .max_term_width(100)
        .arg(config)
        .arg(print)
        .args(own.chain(common).map(|(section, key)| flag(role, section, key)))
        .subcommand(
            Command::new(HEALTHCHECK)
                .about("Ask the process that runs with this configuration how it is: exit code 0 or 1")
                .arg(live),
        )
}

fn flag(role: &Role, section: &str, key: &Key) -> Arg {
    let full = key.full_name(section);
    let own = role.defaults.iter().find(|(name, _)| *name == full).map(|(_, text)| *text);
    let default = own.or(key.default).map_or_else(String::new, |text| format!(" [default: {text}]"));
    Arg::new(for_ever(full.clone()))
        .long(for_ever(key.flag()))
        .value_name(key.shape.value_name())
        .global(true)
        .help(format!("{}{default} [env: {}]", key.help, key.env(section)))
}

/// A process has one command line, so its words live as long as it anyway.
fn for_ever(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// Reads a command line.
pub(crate) fn read(role: &'static Role, matches: &ArgMatches, environment: Vec<(String, String)>) -> Asked {
    let what = match matches.subcommand() {
        Some((_, healthcheck)) => What::Healthcheck { live: healthcheck.get_flag(LIVE) },
        None if matches.get_flag(PRINT) => What::PrintConfig,
        None => What::Run,
    };
    let common = COMMON.iter().map(|key| key.full_name(""));
    let own = role.keys.iter().map(|key| key.full_name(role.name));
    let flags = common
        .chain(own)
        .filter_map(|name| matches.get_one::<String>(&name).map(|text| (name.clone(), text.clone())))
        .collect();
    Asked { what, given: Given { file: matches.get_one::<PathBuf>(CONFIG).cloned(), environment, flags } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Shape};

    static ROLE: Role = Role {
        name: "review",
        about: "Takes reviews",
        defaults: &[("ops.listen", "127.0.0.1:9463")],
        keys: &[Key::with_default("mirror", Shape::Path, "mirror", "Where its copy of the ledger is")],
    };

    fn asked(words: &[&str]) -> Asked {
        read(&ROLE, &command(&ROLE).try_get_matches_from(words).unwrap(), Vec::new())
    }

    #[test]
    fn every_key_is_a_flag_before_or_after_what_is_asked() {
        for words in [
            ["review", "--force", "kent", "--mirror", "m", "healthcheck"],
            ["review", "healthcheck", "--force", "kent", "--mirror", "m"],
        ] {
            let asked = asked(&words);
            assert_eq!(asked.what, What::Healthcheck { live: false });
            let config = Config::gather(&ROLE, asked.given).unwrap();
            assert_eq!(config.common().force, "kent");
            assert!(config.to_toml().contains("mirror = \"m\"  # --mirror"), "{}", config.to_toml());
        }
        assert_eq!(asked(&["review", "--print-config"]).what, What::PrintConfig);
        assert_eq!(asked(&["review"]).what, What::Run);
    }

    #[test]
    fn the_help_names_every_key_with_its_default_and_its_variable() {
        let help = command(&ROLE).render_help().to_string();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [
            "--mirror <PATH>",
            "[default: 127.0.0.1:9463]",
            "SCRUTINY_REVIEW_MIRROR",
            "SCRUTINY_NATS_URL",
            "Exit codes",
        ] {
            assert!(help.contains(words), "{words}: {help}");
        }
        command(&ROLE).debug_assert();
    }
}
