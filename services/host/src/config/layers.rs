//! The four sources, one over the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{COMMON, ConfigError, Key, Source, Value};
use crate::role::{ROLES, Role};

/// Bytes of a configuration file: a hundred times what a long one has.
const MAX_FILE_BYTES: u64 = 256 << 10;

/// Variables of the same prefix that belong to the command line, and to this process before it has a role's keys.
const ELSEWHERE: [&str; 3] = ["SCRUTINY_CONFIG", "SCRUTINY_LEDGER", "SCRUTINY_KEYS"];

/// How alike two names must be for one to be offered for the other; 1 is the same.
const LIKENESS: f64 = 0.7;

/// What a process is given to read.
#[derive(Debug, Default)]
pub struct Given {
    /// The configuration file, where one is named.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Flags by the key's full name.
    pub flags: Vec<(String, String)>,
}

pub(super) struct Layers {
    role: &'static Role,
    /// Every key with the section it stands in.
    keys: Vec<(&'static str, &'static Key)>,
}

impl Layers {
    pub(super) fn new(role: &'static Role) -> Self {
        let common = COMMON.iter().map(|key| ("", key));
        let own = role.keys.iter().map(|key| (role.name, key));
        Self { role, keys: common.chain(own).collect() }
    }

    pub(super) fn gather(&self, given: Given) -> Result<BTreeMap<String, Value>, ConfigError> {
        let mut values = self.defaults();
        if let Some(path) = &given.file {
            self.file(path, &mut values)?;
        }
        self.environment(given.environment, &mut values)?;
        for (name, text) in given.flags {
            let (section, key) = self.find(&name).expect("flags are made from the keys");
            let source = Source::Flag(format!("--{}", key.flag()));
            self.put_text(section, key, &text, source, &mut values)?;
        }
        self.nothing_missing(&values)?;
        Ok(values)
    }

    fn defaults(&self) -> BTreeMap<String, Value> {
        let mut values = BTreeMap::new();
        let own = self.role.defaults.iter().copied();
        let of_keys = self.keys.iter().filter_map(|(s, key)| Some((key.full_name(s), key.default?)));
        let of_keys: Vec<_> = of_keys.collect();
        for (name, text) in of_keys.iter().map(|(n, t)| (n.as_str(), *t)).chain(own) {
            let (_, key) = self.find(name).expect("a default is of a key");
            let value = key.shape.parse(text).expect("a default fits its key; a test tries each role's");
            values.insert(name.to_owned(), Value { value, source: Source::Default });
        }
        values
    }

    fn file(&self, path: &Path, values: &mut BTreeMap<String, Value>) -> Result<(), ConfigError> {
        let text = read_bounded(path, MAX_FILE_BYTES)?;
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| ConfigError::Unreadable {
            path: path.to_owned(),
            why: e.to_string(),
        })?;
        self.table(&table, "", path, values)
    }

    fn table(
        &self,
        table: &toml::Table,
        prefix: &str,
        path: &Path,
        values: &mut BTreeMap<String, Value>,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            let full = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            let source = Source::File(path.to_owned());
            if let Some((_, key)) = self.find(&full) {
                if !key.shape.accepts(value) {
                    return Err(wrong(&full, source, key, value.to_string()));
                }
                values.insert(full, Value { value: value.clone(), source });
            } else if let (toml::Value::Table(inner), true) = (value, self.is_section(&full)) {
                self.table(inner, &full, path, values)?;
            } else {
                let nearest = self.nearest(&full, |s, key| key.full_name(s));
                return Err(ConfigError::Unknown { name: full, source_of: source, nearest });
            }
        }
        Ok(())
    }

    fn environment(
        &self,
        variables: Vec<(String, String)>,
        values: &mut BTreeMap<String, Value>,
    ) -> Result<(), ConfigError> {
        for (name, text) in variables {
            if !name.starts_with("SCRUTINY_") || ELSEWHERE.contains(&name.as_str()) || self.of_another(&name)
            {
                continue;
            }
            let Some(&(section, key)) = self.keys.iter().find(|(s, key)| key.env(s) == name) else {
                let nearest = self.nearest(&name, |s, key| key.env(s));
                let source_of = Source::Environment("the environment".to_owned());
                return Err(ConfigError::Unknown { name, source_of, nearest });
            };
            self.put_text(section, key, &text, Source::Environment(name), values)?;
        }
        Ok(())
    }

    /// One environment may serve every role of a deployment.
    fn of_another(&self, variable: &str) -> bool {
        let of = |role: &str| variable.starts_with(&format!("SCRUTINY_{}_", role.to_uppercase()));
        ROLES.iter().any(|role| *role != self.role.name && of(role))
    }

    fn put_text(
        &self,
        section: &str,
        key: &Key,
        text: &str,
        source: Source,
        values: &mut BTreeMap<String, Value>,
    ) -> Result<(), ConfigError> {
        let name = key.full_name(section);
        let Some(value) = key.shape.parse(text) else {
            return Err(wrong(&name, source, key, text.to_owned()));
        };
        values.insert(name, Value { value, source });
        Ok(())
    }

    fn nothing_missing(&self, values: &BTreeMap<String, Value>) -> Result<(), ConfigError> {
        let missing =
            self.keys.iter().find(|(s, key)| !key.optional && !values.contains_key(&key.full_name(s)));
        match missing {
            None => Ok(()),
            Some((section, key)) => Err(ConfigError::Missing {
                name: key.name,
                help: key.help,
                env: key.env(section),
                flag: key.flag(),
            }),
        }
    }

    fn find(&self, full_name: &str) -> Option<(&'static str, &'static Key)> {
        self.keys.iter().find(|(section, key)| key.full_name(section) == full_name).copied()
    }

    fn is_section(&self, name: &str) -> bool {
        self.keys.iter().any(|(s, key)| key.full_name(s).starts_with(&format!("{name}.")))
    }

    fn nearest(&self, name: &str, written: impl Fn(&str, &Key) -> String) -> Option<String> {
        let alike = self.keys.iter().map(|(section, key)| {
            let known = written(section, key);
            (strsim::jaro_winkler(name, &known), known)
        });
        let best = alike.max_by(|a, b| a.0.total_cmp(&b.0))?;
        (best.0 >= LIKENESS).then_some(best.1)
    }
}

fn wrong(name: &str, source_of: Source, key: &Key, got: String) -> ConfigError {
    ConfigError::WrongShape { name: name.to_owned(), source_of, wanted: key.shape.wanted(), got }
}

/// Reads a text file of bounded length.
pub(super) fn read_bounded(path: &Path, most: u64) -> Result<String, ConfigError> {
    use std::io::Read as _;
    let unreadable = |why: String| ConfigError::Unreadable { path: path.to_owned(), why };
    let file = std::fs::File::open(path).map_err(|e| unreadable(e.to_string()))?;
    let mut text = String::new();
    file.take(most + 1).read_to_string(&mut text).map_err(|e| unreadable(e.to_string()))?;
    if text.len() as u64 > most {
        return Err(unreadable(format!("it is longer than {most} bytes")));
    }
    Ok(text)
}
