//! What bodies answer, and what meetings and erasures do.
