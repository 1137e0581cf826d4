//! Recomputes everything from bytes and reports every finding.
