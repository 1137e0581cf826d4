//! The manual is run, word for word: every `console` block of `docs/manual.md`, in order, in one folder.
//!
//! A line that opens with `$ ` is typed into a shell, with the lines after it that open with `> `; what follows,
//! up to the next one, is what the program must answer, errors and hints included. `[..]` stands for any text within a line, a line `...` for any
//! lines. `? 6` at the end of an answer is the exit code, where it is not 0.
//! `MANUAL=print cargo test manual` prints the answers as they are now.

use std::path::Path;
use std::process::Command;

use crate::harness::{Scene, root};

#[test]
fn the_manual_says_what_happens() {
    let file = root().join("docs/manual.md");
    let text = std::fs::read_to_string(&file).expect("the manual is there");
    let scene = Scene::empty();
    let demo = root().join("demo");
    std::os::unix::fs::symlink(demo, scene.path("demo")).expect("a link can be made");
    let mut problems = Vec::new();
    for step in steps(&text) {
        let answer = type_in(&scene.path(""), &step.command);
        if std::env::var_os("MANUAL").is_some() {
            println!("$ {}\n{answer}", step.command);
        }
        if !matches(&step.expected, &answer) {
            problems.push(format!(
                "docs/manual.md:{}: $ {}\n--- expected\n{}\n--- got\n{answer}",
                step.line, step.command, step.expected
            ));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

struct Step {
    line: usize,
    command: String,
    expected: String,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut in_block = false;
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            in_block = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| in_block) {
            steps.push(Step { line: number + 1, command: command.to_owned(), expected: String::new() });
        } else if in_block {
            let step = steps.last_mut().expect("a block opens with a command");
            match line.strip_prefix("> ") {
                Some(more) if step.expected.is_empty() => step.command.push_str(&format!("\n{more}")),
                _ => step.expected.push_str(&format!("{line}\n")),
            }
        }
    }
    assert!(steps.len() > 20, "the manual shows the program at work");
    steps
}

/// What a person sees: both outputs in the order of a terminal, and the exit code where it is not 0.
fn type_in(dir: &Path, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_scrutiny"));
    let path = format!(
        "{}:{}",
        program.parent().expect("the program is in a folder").display(),
        std::env::var("PATH").expect("there is a path")
    );
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(dir)
        .env("PATH", path)
        .env("COLUMNS", "100")
        .env_remove("SCRUTINY_LEDGER")
        .env_remove("SCRUTINY_KEYS")
        .env_remove("SSH_AUTH_SOCK")
        .output()
        .expect("a shell starts");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => {}
        Some(code) => text.push_str(&format!("? {code}\n")),
        None => text.push_str("? killed\n"),
    }
    text
}

/// Whether an answer fits a pattern, trailing spaces and the last line end aside.
fn matches(pattern: &str, answer: &str) -> bool {
    let trim = |text: &str| text.trim_end().lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>();
    lines_match(&trim(pattern), &trim(answer))
}

fn lines_match(pattern: &[String], answer: &[String]) -> bool {
    match pattern.split_first() {
        None => answer.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=answer.len()).any(|skip| lines_match(rest, &answer[skip..]))
        }
        Some((first, rest)) => answer
            .split_first()
            .is_some_and(|(line, more)| line_matches(first, line) && lines_match(rest, more)),
    }
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let Some(mut left) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return left.is_empty() };
    for part in middle {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

#[test]
fn a_pattern_fits_what_it_should_and_nothing_else() {
    let check = |pattern: &str, answer: &str, fits: bool| {
        assert_eq!(matches(pattern, answer), fits, "{pattern:?} {answer:?}")
    };
    check("a\nb", "a\nb\n", true);
    check("a [..] c", "a bb c", true);
    check("a [..] c", "a bb d", false);
    check("a\n...\nz", "a\nb\nc\nz", true);
    check("a\n...\nz", "a\nz", true);
    check("a\n...\nz", "a\nb", false);
    check("SHA256:[..] is [..].", "SHA256:x is enrolled.", true);
    check("a", "ab", false);
    check("", "x", false);
}
