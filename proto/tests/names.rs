//! buf's STANDARD lint rules, over our own descriptors: names that other languages' generators expect.

use prost_reflect::{DescriptorPool, EnumDescriptor, FileDescriptor, MessageDescriptor, Syntax};
use scrutiny_proto::DESCRIPTORS;

fn our_files() -> Vec<FileDescriptor> {
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("descriptors");
    let ours: Vec<_> = pool.files().filter(|f| f.package_name().starts_with("scrutiny.")).collect();
    assert!(ours.len() >= 7, "the vocabulary has its files");
    ours
}

fn is_lower_snake(name: &str) -> bool {
    let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    letters && !name.starts_with('_') && !name.ends_with('_') && !name.contains("__")
}

fn is_pascal(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// "FindingKind" to "FINDING_KIND".
fn upper_snake(pascal: &str) -> String {
    let mut out = String::new();
    for c in pascal.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

#[test]
fn packages_end_in_a_version_and_match_their_folder() {
    for file in our_files() {
        let (folder, name) = file.name().rsplit_once('/').expect("a folder");
        let package = file.package_name();
        assert_eq!(folder, package.replace('.', "/"), "{}", file.name());
        assert!(package.split('.').all(is_lower_snake), "{package}");
        let version = package.rsplit('.').next().and_then(|v| v.strip_prefix('v'));
        assert!(version.is_some_and(|v| v.parse::<u32>().is_ok_and(|n| n > 0)), "{package}");
        assert!(name.strip_suffix(".proto").is_some_and(is_lower_snake), "{}", file.name());
        assert_eq!(file.syntax(), Syntax::Proto3, "{}", file.name());
        assert_eq!(file.public_dependencies().len(), 0, "{}", file.name());
    }
}

#[test]
fn messages_fields_and_enums_are_named_as_their_sort_is() {
    for file in our_files() {
        file.messages().for_each(|m| check_message(&m));
        file.enums().for_each(|e| check_enum(&e));
    }
}

fn check_message(message: &MessageDescriptor) {
    assert!(is_pascal(message.name()), "{}", message.full_name());
    for field in message.fields() {
        assert!(is_lower_snake(field.name()), "{}", field.full_name());
    }
    for oneof in message.oneofs() {
        assert!(is_lower_snake(oneof.name()), "{}", oneof.full_name());
    }
    message.child_messages().for_each(|m| check_message(&m));
    message.child_enums().for_each(|e| check_enum(&e));
}

fn check_enum(of: &EnumDescriptor) {
    assert!(is_pascal(of.name()), "{}", of.full_name());
    let prefix = format!("{}_", upper_snake(of.name()));
    let mut numbers = Vec::new();
    for value in of.values() {
        let rest = value.name().strip_prefix(&prefix);
        assert!(rest.is_some_and(|r| is_lower_snake(&r.to_lowercase())), "{}", value.full_name());
        assert_eq!(value.name(), value.name().to_uppercase());
        assert!(!numbers.contains(&value.number()), "{}: an alias", value.full_name());
        numbers.push(value.number());
    }
    assert_eq!(numbers.first(), Some(&0), "{}", of.full_name());
    let first = of.values().next().map(|v| v.name().to_owned());
    assert_eq!(first, Some(format!("{prefix}UNSPECIFIED")), "{}", of.full_name());
}

#[test]
fn imports_are_used_and_packages_do_not_import_in_a_circle() {
    let files = our_files();
    for file in &files {
        let text = format!("{:?}", file.file_descriptor_proto());
        for import in file.dependencies() {
            let package = format!("{}.", import.package_name());
            // Options are kept as unknown fields, so an import for options alone cannot be seen here.
            let used = text.contains(&format!(".{package}")) || import.package_name().ends_with("options.v1");
            assert!(used, "{} does not use {}", file.name(), import.name());
            let back = import.dependencies().any(|d| d.package_name() == file.package_name());
            assert!(!back || import.package_name() == file.package_name(), "{}", file.name());
        }
    }
}
