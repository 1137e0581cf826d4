//! The command line.

#[cfg_attr(not(test), expect(dead_code, reason = "the commands that sign come on top of this"))]
mod agent;

fn main() {}
