//! A draft as it stands in the text, before anything in it is judged.

use serde::Deserialize;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;

/// A draft as typed. An unknown field stops the reader.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    pub(crate) kind: String,
    pub(crate) stream: String,
    pub(crate) signed_by: Value,
    pub(crate) occurred: Option<Value>,
    #[serde(default)]
    pub(crate) imported: bool,
    pub(crate) marking: Option<String>,
    pub(crate) regime: Option<String>,
    pub(crate) expected: Option<Value>,
    #[serde(default)]
    pub(crate) documents: Vec<RawDocument>,
    #[serde(default)]
    pub(crate) body: Value,
    pub(crate) id: Option<String>,
    pub(crate) causation: Option<String>,
    pub(crate) correlation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDocument {
    pub(crate) title: String,
    pub(crate) media_type: Option<String>,
    pub(crate) sha256: Option<String>,
    pub(crate) path: Option<String>,
}

pub(crate) enum OneOrMany {
    One(Box<Raw>),
    Many(Vec<Spanned<Raw>>),
}

/// By hand, because serde's untagged enums forget which field was wrong and on which line.
impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a draft or a list of drafts")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMany, A::Error> {
                let raw = Raw::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(OneOrMany::One(Box::new(raw)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<OneOrMany, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(OneOrMany::Many)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
