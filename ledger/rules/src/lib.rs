//! The law, pure: the charter, the registry of keys and roles, the rules of scrutiny.
