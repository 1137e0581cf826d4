//! `scrutiny completions` and `scrutiny manual`.

use std::path::Path;

use clap::CommandFactory as _;
use serde_json::json;

use crate::cli::Cli;
use crate::exit::{Done, io};
use crate::output::{Output, count};

/// Written into memory first: the generator takes a closed pipe for a reason to panic.
pub(crate) fn completions(shell: clap_complete::Shell, out: Output) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "scrutiny", &mut script);
    let script = String::from_utf8_lossy(&script);
    out.result("completions", &script, || json!({ "shell": shell.to_string(), "script": script }));
    Ok(())
}

/// One page for the program and one for each command: `man ./DIR/scrutiny-record.1`.
pub(crate) fn pages(dir: &Path, out: Output) -> Done {
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(io(dir))?;
    let pages = std::fs::read_dir(dir).map_err(io(dir))?.count() as u64;
    let text = format!("{} in {}", count(pages, "manual page", "manual pages"), dir.display());
    out.result("manual", &text, || json!({ "dir": dir, "pages": pages }));
    out.say(&format!("Next: man {}", dir.join("scrutiny.1").display()));
    Ok(())
}
