//! A draft: what a person typed, on its way to a statement.
