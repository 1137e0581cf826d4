//! The single writer: verify, decide, seal, commit, tell.
