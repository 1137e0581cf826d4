//! The policy file: reading it, and writing one that reads back the same.

use super::{Member, Policy, PolicyGroup, PolicyLog, PolicyWitness};
use crate::limits::{MAX_POLICY_BYTES, MAX_POLICY_NAMES};
use crate::text::decimal;
use crate::vkey::{KeyError, KeyKind, VerifierKey};

/// The name that stands for "no witness at all".
const NONE: &[u8] = b"none";

/// Why bytes are not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than any policy should be.
    #[error("a policy has {MAX_POLICY_BYTES} bytes at most, this one has {0}")]
    TooLong(usize),
    /// The last line has no newline: perhaps the file was cut off.
    #[error("the policy's last line does not end")]
    CutOff,
    /// No line says what the quorum is.
    #[error("the policy has no quorum line")]
    NoQuorum,
    /// Something is wrong with a line.
    #[error("line {line}: {problem}")]
    Line {
        /// 1-based.
        line: usize,
        /// What is wrong.
        problem: LineProblem,
    },
}

/// What is wrong with one line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// A control character other than the tab.
    #[error("it has a control character")]
    Control,
    /// Not one of the four forms.
    #[error("it does not read log, witness, group or quorum with what belongs to them")]
    Shape,
    /// More logs, witnesses or groups than will be read.
    #[error("there are more than {MAX_POLICY_NAMES} of its kind")]
    TooMany,
    /// Not a verifier key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key of a type that does not belong there.
    #[error("a key of type {0:?} does not belong here")]
    KeyKind(KeyKind),
    /// The same public key stands on an earlier line.
    #[error("its public key is on an earlier line already")]
    DuplicateKey,
    /// The name is taken.
    #[error("the name {0:?} is taken")]
    NameTaken(String),
    /// The name is not defined on an earlier line.
    #[error("{0:?} is not defined above")]
    UnknownName(String),
    /// The member is in a group already.
    #[error("{0:?} is a member of a group already")]
    MemberTwice(String),
    /// Not `any`, `all` or a number from 1 to the number of members.
    #[error("a group takes any, all or a number from 1 to {0} of its members")]
    Threshold(usize),
    /// A second quorum line.
    #[error("the quorum is set already")]
    SecondQuorum,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// Says which line is wrong, and how.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::TooLong(bytes.len()));
        }
        let mut reader = Reader::default();
        if let Some(lines) = bytes.strip_suffix(b"\n") {
            for (i, line) in lines.split(|&b| b == b'\n').enumerate() {
                reader.line(line).map_err(|problem| PolicyError::Line { line: i + 1, problem })?;
            }
        } else if !bytes.is_empty() {
            return Err(PolicyError::CutOff);
        }
        let Reader { logs, witnesses, groups, quorum, .. } = reader;
        Ok(Self { logs, witnesses, groups, quorum: quorum.ok_or(PolicyError::NoQuorum)? })
    }

    /// Writes the policy, one item a line and without comments; it reads back as this policy.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut line = |items: &[&[u8]]| {
            text.extend_from_slice(&items.join(&b' '));
            while text.last() == Some(&b' ') {
                text.pop();
            }
            text.push(b'\n');
        };
        for PolicyLog { key, url } in &self.logs {
            line(&[b"log", key.to_string().as_bytes(), url]);
        }
        for PolicyWitness { name, key, url } in &self.witnesses {
            line(&[b"witness", name, key.to_string().as_bytes(), url]);
        }
        for PolicyGroup { name, threshold, members } in &self.groups {
            let threshold = threshold.to_string();
            let mut items: Vec<&[u8]> = vec![b"group", name, threshold.as_bytes()];
            items.extend(members.iter().map(|&member| self.name(member)));
            line(&items);
        }
        line(&[b"quorum", self.quorum.map_or(NONE, |member| self.name(member))]);
        text
    }

    /// The name of a member.
    #[must_use]
    pub fn name(&self, member: Member) -> &[u8] {
        match member {
            Member::Witness(i) => &self.witnesses[i].name,
            Member::Group(i) => &self.groups[i].name,
        }
    }
}

/// What the lines so far have said.
#[derive(Default)]
struct Reader {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<PolicyGroup>,
    grouped: Vec<Member>,
    quorum: Option<Option<Member>>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), LineProblem> {
        if line.iter().any(|&b| (b < b' ' && b != b'\t') || b == 0x7f) {
            return Err(LineProblem::Control);
        }
        let items: Vec<&[u8]> = line.split(|b| b" \t".contains(b)).filter(|item| !item.is_empty()).collect();
        match items.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] => self.log(key, b""),
            [b"log", key, url] => self.log(key, url),
            [b"witness", name, key] => self.witness(name, key, b""),
            [b"witness", name, key, url] => self.witness(name, key, url),
            [b"group", name, threshold, members @ ..] if !members.is_empty() => {
                self.group(name, threshold, members)
            }
            [b"quorum", name] => self.quorum(name),
            _ => Err(LineProblem::Shape),
        }
    }

    fn log(&mut self, key: &[u8], url: &[u8]) -> Result<(), LineProblem> {
        let key = read_key(key, [KeyKind::Ed25519, KeyKind::CosignatureMlDsa44])?;
        room_after(self.logs.len())?;
        no_duplicate(&key, self.logs.iter().map(|log| &log.key))?;
        self.logs.push(PolicyLog { key, url: url.to_vec() });
        Ok(())
    }

    fn witness(&mut self, name: &[u8], key: &[u8], url: &[u8]) -> Result<(), LineProblem> {
        let key = read_key(key, [KeyKind::CosignatureEd25519, KeyKind::CosignatureMlDsa44])?;
        room_after(self.witnesses.len())?;
        self.check_free(name)?;
        no_duplicate(&key, self.witnesses.iter().map(|witness| &witness.key))?;
        self.witnesses.push(PolicyWitness { name: name.to_vec(), key, url: url.to_vec() });
        Ok(())
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], members: &[&[u8]]) -> Result<(), LineProblem> {
        room_after(self.groups.len())?;
        self.check_free(name)?;
        let threshold = match threshold {
            b"any" => Some(1),
            b"all" => Some(members.len()),
            number => {
                std::str::from_utf8(number).ok().and_then(decimal).and_then(|k| usize::try_from(k).ok())
            }
        };
        let threshold = threshold.filter(|k| (1..=members.len()).contains(k));
        let threshold = threshold.ok_or(LineProblem::Threshold(members.len()))?;
        let mut found = Vec::with_capacity(members.len());
        for member in members {
            let place = self.find(member).ok_or_else(|| LineProblem::UnknownName(shown(member)))?;
            if self.grouped.contains(&place) {
                return Err(LineProblem::MemberTwice(shown(member)));
            }
            self.grouped.push(place);
            found.push(place);
        }
        self.groups.push(PolicyGroup { name: name.to_vec(), threshold, members: found });
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), LineProblem> {
        if self.quorum.is_some() {
            return Err(LineProblem::SecondQuorum);
        }
        let place = self.find(name);
        if place.is_none() && name != NONE {
            return Err(LineProblem::UnknownName(shown(name)));
        }
        self.quorum = Some(place);
        Ok(())
    }

    fn find(&self, name: &[u8]) -> Option<Member> {
        let witness = self.witnesses.iter().position(|witness| witness.name == name).map(Member::Witness);
        witness.or_else(|| self.groups.iter().position(|group| group.name == name).map(Member::Group))
    }

    fn check_free(&self, name: &[u8]) -> Result<(), LineProblem> {
        if name == NONE || self.find(name).is_some() {
            return Err(LineProblem::NameTaken(shown(name)));
        }
        Ok(())
    }
}

fn read_key(text: &[u8], kinds: [KeyKind; 2]) -> Result<VerifierKey, LineProblem> {
    let text = std::str::from_utf8(text).map_err(|_| LineProblem::Key(KeyError::Shape))?;
    let key: VerifierKey = text.parse()?;
    if kinds.contains(&key.kind()) { Ok(key) } else { Err(LineProblem::KeyKind(key.kind())) }
}

/// Two keys are the same when their bytes are, whatever their names and types.
fn no_duplicate<'a>(
    key: &VerifierKey,
    mut others: impl Iterator<Item = &'a VerifierKey>,
) -> Result<(), LineProblem> {
    let again = others.any(|other| other.public_key() == key.public_key());
    if again { Err(LineProblem::DuplicateKey) } else { Ok(()) }
}

fn room_after(count: usize) -> Result<(), LineProblem> {
    if count < MAX_POLICY_NAMES { Ok(()) } else { Err(LineProblem::TooMany) }
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(100).collect()
}
