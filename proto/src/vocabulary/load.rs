//! Reads the descriptors. The one file that knows prost-reflect.
//!
//! Everything here comes from our own build, so whatever is missing is a mistake in the vocabulary and
//! stops the program on its first use; the tests use it first.

use std::collections::HashMap;

use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, EnumValueDescriptor, FieldDescriptor, FileDescriptor,
    Kind as ProtoKind, MessageDescriptor, ReflectMessage as _,
};

use super::field::{Choice, Field, Shape};
use super::format::Format;
use super::stream::StreamPattern;
use super::{Kind, Requirement, SignerSet};
use crate::options::v1 as options;

/// The order of the groups: a ledger starts with its keys and bodies.
const GROUPS: [&str; 7] =
    ["registry", "governance", "inspection", "response", "review", "conduct", "privacy"];

const EXAMPLES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

pub(super) fn kinds() -> Vec<Kind> {
    let pool = DescriptorPool::decode(crate::DESCRIPTORS).expect("build.rs wrote the descriptors");
    let reader = Reader { comments: pool.files().flat_map(|f| comments(&f)).collect() };
    let mut kinds: Vec<Kind> =
        pool.files().flat_map(|f| f.messages().collect::<Vec<_>>()).filter_map(|m| reader.kind(&m)).collect();
    // Stable: within a group, kinds stay in the order of their file.
    kinds.sort_by_key(|k| GROUPS.iter().position(|g| *g == k.group).unwrap_or(GROUPS.len()));
    kinds
}

/// Leading comments of one file, by what they stand above.
fn comments(file: &FileDescriptor) -> Vec<((String, Vec<i32>), String)> {
    let info = file.file_descriptor_proto().source_code_info.clone().unwrap_or_default();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    info.location
        .into_iter()
        .filter_map(|l| {
            let comment = l.leading_comments.as_deref().map(words)?;
            Some(((file.name().to_owned(), l.path), comment))
        })
        .collect()
}

struct Reader {
    comments: HashMap<(String, Vec<i32>), String>,
}

impl Reader {
    fn kind(&self, message: &MessageDescriptor) -> Option<Kind> {
        let options: options::Kind = extension(&message.options(), "scrutiny.options.v1.kind")?;
        let name = message.full_name();
        let stream = StreamPattern::parse(&options.stream);
        let short_name = message.name().to_owned();
        Some(Kind {
            full_name: name.to_owned(),
            group: group(message.package_name()),
            doc: self.comment(&message.parent_file(), message.path()),
            stream: stream
                .unwrap_or_else(|| panic!("{name}: the stream pattern {:?} is not one", options.stream)),
            signers: options.signers.iter().map(signer_set).collect(),
            commutes: options.commutes,
            fields: self.fields(message),
            example: EXAMPLES.iter().find(|(n, _)| *n == short_name).map_or("", |(_, text)| text),
            title: options.title,
            short_name,
            proposed_signers: options.signers,
        })
    }

    /// In the order of their numbers, which is the order in which they are encoded.
    fn fields(&self, message: &MessageDescriptor) -> Vec<Field> {
        let mut fields: Vec<Field> = message.fields().map(|f| self.field(&f)).collect();
        fields.sort_by_key(|f| f.number);
        fields
    }

    fn field(&self, field: &FieldDescriptor) -> Field {
        let of = field.options();
        let sealed: Option<options::Sealed> = extension(&of, "scrutiny.options.v1.sealed");
        Field {
            name: field.name().to_owned(),
            number: field.number(),
            doc: self.comment(&field.parent_message().parent_file(), field.path()),
            shape: self.shape(field),
            repeated: field.is_list(),
            required: scalar(&of, "scrutiny.options.v1.required").and_then(|v| v.as_bool()).unwrap_or(false),
            sealed: sealed.map(|s| s.reason_code),
            format: scalar(&of, "scrutiny.options.v1.format")
                .and_then(|v| v.as_enum_number())
                .map_or(Format::Text, format),
        }
    }

    fn shape(&self, field: &FieldDescriptor) -> Shape {
        let name = field.full_name();
        // One optional value and no packing: what the validator's walk rests on.
        assert!(
            !field.is_map() && field.containing_oneof().is_none(),
            "{name}: maps and oneofs are not for kinds"
        );
        let is_number = !matches!(field.kind(), ProtoKind::String | ProtoKind::Bytes | ProtoKind::Message(_));
        assert!(!(field.is_list() && is_number), "{name}: lists of numbers are not for kinds");
        match field.kind() {
            ProtoKind::String => Shape::Text,
            ProtoKind::Bytes => Shape::Bytes,
            ProtoKind::Bool => Shape::Flag,
            ProtoKind::Uint32 => Shape::Count(u64::from(u32::MAX)),
            ProtoKind::Uint64 => Shape::Count(u64::MAX),
            ProtoKind::Enum(values) => Shape::Choice(self.choices(&values)),
            ProtoKind::Message(inner) => Shape::Group(self.fields(&inner)),
            other => panic!("{name}: {other:?} is not for kinds"),
        }
    }

    /// Every value but the one that stands for "not given".
    fn choices(&self, of: &EnumDescriptor) -> Vec<Choice> {
        let zero = of.default_value();
        let prefix = zero.name().trim_end_matches("UNSPECIFIED").to_owned();
        let choice = |value: EnumValueDescriptor| Choice {
            word: value.name().strip_prefix(&prefix).unwrap_or(value.name()).to_lowercase(),
            full_name: value.name().to_owned(),
            number: u64::try_from(value.number()).expect("the vocabulary numbers its choices from 0"),
            doc: self.comment(&of.parent_file(), value.path()),
        };
        of.values().filter(|v| v.number() != 0).map(choice).collect()
    }

    fn comment(&self, file: &FileDescriptor, path: &[i32]) -> String {
        self.comments.get(&(file.name().to_owned(), path.to_vec())).cloned().unwrap_or_default()
    }
}

/// "inspection" of "scrutiny.inspection.v1".
fn group(package: &str) -> String {
    package.split('.').nth(1).unwrap_or(package).to_owned()
}

fn signer_set(set: &options::SignerSet) -> SignerSet {
    let requirement = |r: &options::Requirement| Requirement {
        role: r.role.clone(),
        count: r.count.max(1),
        body: Some(r.body.clone()).filter(|b| !b.is_empty()),
    };
    SignerSet { document: set.document, require: set.require.iter().map(requirement).collect() }
}

fn format(number: i32) -> Format {
    match options::Format::try_from(number).expect("compiled from the same file") {
        options::Format::Unspecified => Format::Text,
        options::Format::Date => Format::Date,
        options::Format::Url => Format::Url,
        options::Format::Body => Format::Body,
        options::Format::Stream => Format::Stream,
        options::Format::Sha256 => Format::Sha256,
    }
}

fn scalar(options: &DynamicMessage, name: &str) -> Option<prost_reflect::Value> {
    let extension = options.descriptor().parent_pool().get_extension_by_name(name)?;
    options.has_extension(&extension).then(|| options.get_extension(&extension).into_owned())
}

fn extension<M: prost::Message + Default>(options: &DynamicMessage, name: &str) -> Option<M> {
    let value = scalar(options, name)?;
    let message = value.as_message().expect("the option is a message");
    Some(message.transcode_to().expect("compiled from the same file"))
}
