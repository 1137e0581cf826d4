//! INV-31: what identifies a person does not stand in plain text.
//!
//! What is recorded cannot be taken back; what is sealed can be erased. So text that is not sealed is searched
//! for e-mail addresses, telephone numbers, postcodes, vehicle registrations, collar and warrant numbers and
//! dates of birth, and a statement that holds one is refused with the path of the field.
//!
//! **What it cannot do.** Names are not found: no list of names tells "Mark" from a mark. Whoever signs answers
//! for that. **False alarms** are kept rare, not impossible, and the way out is always the same: seal it or write
//! it another way.
//!
//! - A telephone number is ten or eleven digits from 0, or +44: an organisation's own number is refused too,
//!   and so is a reference number of that shape. A date, a P.O. box or a section of an Act is not.
//! - A postcode is upper-case with a digit and two letters last (`PE29 6NP`); `S23` and `AFI 2` are not.
//! - A registration is the current style with or without its space (`AB12 CDE`), older styles without one
//!   (`A123BCD`): a financial year before an abbreviation, `FY21 PCC`, has the same shape and is refused.
//! - A collar number follows a rank (`PC 1234`) or the words collar, warrant or shoulder; a year after `PC`
//!   cannot be told from one.
//! - A date is a date of birth after the words born, DOB or date of birth, and no other date is refused.

use crate::case::Case;
use crate::refusal::{Code, Refusal, refuse};

pub(crate) fn check(case: &Case<'_>) -> Result<(), Refusal> {
    let statement = case.statement;
    if let Some((path, what)) = case.known.kind.find_text(&statement.body, find) {
        return found(&format!("body.{path}"), what);
    }
    if let Some(what) = find(&statement.occurred.words) {
        return found("occurred.words", what);
    }
    for (i, document) in statement.documents.iter().enumerate() {
        if let Some(what) = find(&document.title) {
            return found(&format!("documents.{i}.title"), what);
        }
    }
    Ok(())
}

fn found(path: &str, what: &str) -> Result<(), Refusal> {
    // The sentence does not repeat what was found: refusals are kept too.
    refuse(Code::Inv31, format!("{path} holds what looks like {what}; seal it, or leave it out"))
}

/// What a text holds that identifies a person; `None` for nothing that a pattern can see.
#[must_use]
pub fn find(text: &str) -> Option<&'static str> {
    // Every pattern needs a digit or an @, and most texts have neither.
    if !text.bytes().any(|b| b.is_ascii_digit() || b == b'@') {
        return None;
    }
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let next = words.clone();
        let bare = core(word);
        let mut found = None;
        if word.bytes().any(|b| b.is_ascii_digit() || b == b'@' || b == b'+') {
            found = email(word)
                .or_else(|| phone(word, next.clone()))
                .or_else(|| upper_case(bare, next.clone().next().map(core)));
        }
        if found.is_none() && may_be_cue(bare) {
            found = numbered(bare, next.clone()).or_else(|| birth(bare, next));
        }
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Whether a word begins like a rank or like one of the words that announce a number or a date of birth.
/// Every statement's text comes through here word by word, and most words end here.
fn may_be_cue(word: &str) -> bool {
    matches!(
        word.bytes().next().map(|b| b.to_ascii_lowercase()),
        Some(b'b' | b'c' | b'd' | b'p' | b's' | b'w')
    )
}

/// A word without the punctuation around it.
fn core(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_ascii_alphanumeric())
}

fn email(word: &str) -> Option<&'static str> {
    let (local, domain) = word.split_once('@')?;
    let dotted = core(domain).split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
    (local.ends_with(|c: char| c.is_ascii_alphanumeric()) && dotted).then_some("an e-mail address")
}

/// Ten or eleven digits from 0, or +44 and ten, however they are grouped.
fn phone<'a>(word: &'a str, next: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    let first = word.trim_start_matches(['(', '"', '\'']);
    let (abroad, first) = match first.strip_prefix("+44").or_else(|| first.strip_prefix("0044")) {
        Some(rest) => (true, rest),
        None if first.starts_with('0') => (false, first),
        None => return None,
    };
    let mut digits = 0;
    for group in std::iter::once(first).chain(next) {
        let ends = group.ends_with(['.', ',', ';', ':', '?', '!', '"', '\'']);
        let group = group.trim_end_matches(['.', ',', ';', ':', '?', '!', '"', '\'']);
        if !group.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'(' | b')')) {
            break;
        }
        digits += group.bytes().filter(u8::is_ascii_digit).count();
        if ends || digits > 11 {
            break;
        }
    }
    let plausible = if abroad { (9..=11).contains(&digits) } else { (10..=11).contains(&digits) };
    plausible.then_some("a telephone number")
}

fn upper_case(word: &str, next: Option<&str>) -> Option<&'static str> {
    let next = next.unwrap_or_default();
    // Both have a letter and a digit in their first word, and few words of a text do.
    let mixed = word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_uppercase());
    if !mixed || !word.is_ascii() || word.len() > 8 {
        return None;
    }
    let joined = word.split_at_checked(word.len().saturating_sub(3));
    let in_one = joined.is_some_and(|(out, inward)| is_outward(out) && is_inward(inward));
    if in_one || (is_outward(word) && is_inward(next)) {
        return Some("a postcode");
    }
    let current = shape(word) == *b"AA99AAA" || (shape(word) == *b"AA99" && shape(next) == *b"AAA");
    let older = [&b"A99AAA"[..], b"A999AAA", b"AAA99A", b"AAA999A"].iter().any(|s| shape(word) == **s);
    (current || older).then_some("a vehicle registration")
}

/// Letters as `A`, digits as `9`, anything else as `-`.
fn shape(word: &str) -> Vec<u8> {
    let class = |b: u8| match b {
        b'A'..=b'Z' => b'A',
        b'0'..=b'9' => b'9',
        _ => b'-',
    };
    word.bytes().map(class).collect()
}

/// "PE29": area and district. Q, V and X begin no area.
fn is_outward(word: &str) -> bool {
    let shapes = [&b"A9"[..], b"A99", b"A9A", b"AA9", b"AA99", b"AA9A"];
    (2..=4).contains(&word.len())
        && !word.starts_with(['Q', 'V', 'X'])
        && shapes.iter().any(|s| shape(word) == **s)
}

/// "6NP". Some letters are never used here.
fn is_inward(word: &str) -> bool {
    word.len() == 3 && shape(word) == *b"9AA" && !word.contains(['C', 'I', 'K', 'M', 'O', 'V'])
}

/// A rank or a cue word, and a number behind it.
fn numbered<'a>(word: &str, mut next: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    const RANKS: [&str; 7] = ["PC", "PS", "DC", "DS", "PCSO", "SC", "SPS"];
    const CUES: [&str; 3] = ["collar", "warrant", "shoulder"];
    let what = "a collar or warrant number";
    let is_number = |w: &str| (2..=5).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_digit());
    let joined = RANKS.iter().any(|rank| word.strip_prefix(rank).is_some_and(is_number));
    if joined || (RANKS.contains(&word) && next.next().is_some_and(|w| is_number(core(w)))) {
        return Some(what);
    }
    let cued = CUES.iter().any(|cue| cue.eq_ignore_ascii_case(word));
    let number = |w: &str| w.bytes().any(|b| b.is_ascii_digit());
    let noun = |w: &str| matches!(core(w).to_ascii_lowercase().as_str(), "number" | "no" | "num");
    match (cued, next.next()) {
        (true, Some(w)) if noun(w) => next.next().is_some_and(number).then_some(what),
        (true, Some(w)) => is_number(core(w)).then_some(what),
        _ => None,
    }
}

/// A cue word, and within four words of it a whole date.
fn birth<'a>(word: &str, next: impl Iterator<Item = &'a str> + Clone) -> Option<&'static str> {
    const CUES: [&str; 4] = ["born", "dob", "d.o.b", "birth"];
    if !CUES.iter().any(|cue| cue.eq_ignore_ascii_case(word)) {
        return None;
    }
    let mut near = next.take(4).map(core).peekable();
    while let Some(word) = near.next() {
        let numbers = word.split(['/', '-', '.']).filter(|p| !p.is_empty());
        let all = numbers.clone().all(|p| p.bytes().all(|b| b.is_ascii_digit()));
        let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let is_day = digits.parse().is_ok_and(|day: u8| (1..=31).contains(&day));
        if (all && numbers.count() == 3) || (is_day && near.peek().is_some_and(|m| is_month(m))) {
            return Some("a date of birth");
        }
    }
    None
}

fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    word.get(..3).is_some_and(|start| MONTHS.contains(&start.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_identifies_a_person_is_found() {
        for (text, what) in [
            ("Write to a.person@example.org.", "an e-mail address"),
            ("Ring 01480 456111 any day", "a telephone number"),
            ("(07700 900123)", "a telephone number"),
            ("07700900123", "a telephone number"),
            ("In 2019 ring 0300 123 4567.", "a telephone number"),
            ("call +44 7700 900123, please", "a telephone number"),
            ("of Huntingdon, PE29 6NP.", "a postcode"),
            ("SW1A1AA", "a postcode"),
            ("a car, AB12 CDE, was seen", "a vehicle registration"),
            ("AB12CDE", "a vehicle registration"),
            ("A123BCD", "a vehicle registration"),
            ("PC 1234 attended", "a collar or warrant number"),
            ("PS789", "a collar or warrant number"),
            ("Collar number 55", "a collar or warrant number"),
            ("warrant no. A1234", "a collar or warrant number"),
            ("born on 1 May 1980", "a date of birth"),
            ("DOB: 01/05/1980", "a date of birth"),
            ("born 1st May 1980", "a date of birth"),
            ("date of birth 1980-05-01", "a date of birth"),
        ] {
            assert_eq!(find(text), Some(what), "{text}");
        }
    }

    #[test]
    fn what_papers_say_is_let_through() {
        for text in [
            "PO Box 123, Huntingdon",
            "on 16 August 2022, 57 days after 21 June 2022",
            "2021-02-26 to 2021-04-22, at 10:30",
            "s.55(5B) of the Police Act 1996 and regs 4, 7, 9 of SI 2020/2",
            "Policing and Crime Act 2017 s.37",
            "AFI 2 of PEEL 2021/22; F-DUPP-7; Q2; S23 agreement",
            "94 % (2019 and 2020) to 80.6 % (2020 and 2021)",
            "15 of 59, 41 of 79, 0.5 points",
            "IC1 to IC6 and IC9; 18+1 codes; Green-1",
            "the plan was born of the 2017 recommendation",
            "the warrant of 2019 inspectors",
            "@ 5 pm",
            "SHA256:Zp3cs8VoDQr6iyQ2R7uZuBe7KCcp9vR+Fp9yySdlATk",
            "2 Marsham Street",
            "012345678901 is two digits too long, 012345678 one too short",
            "BCH People Board, 3 forces",
            "Group 1 clearance by 31 May 2019",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
