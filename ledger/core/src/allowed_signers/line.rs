//! Reading one line: `principals [options] key-type key [comment]`.

use super::time;
use super::{AllowedSigner, LineProblem, MAX_LINE_BYTES};
use crate::sshsig::PublicKey;

pub(super) fn parse(line: &str) -> Result<AllowedSigner, LineProblem> {
    if line.len() > MAX_LINE_BYTES {
        return Err(LineProblem::TooLong(line.len()));
    }
    let (principals, rest) = split_principals(line)?;
    let (options, rest) = split_options(rest)?;
    let mut fields = rest.split([' ', '\t']).filter(|field| !field.is_empty());
    let (Some(algorithm), Some(blob)) = (fields.next(), fields.next()) else {
        return Err(LineProblem::Fields("the key is missing"));
    };
    let mut signer = AllowedSigner {
        principals: principals.to_owned(),
        cert_authority: false,
        namespaces: None,
        valid_after: None,
        valid_before: None,
        key: PublicKey::from_fields(algorithm, blob)?,
    };
    read_options(options, &mut signer)?;
    match (signer.valid_after, signer.valid_before) {
        (Some(after), Some(before)) if before <= after => Err(LineProblem::Period),
        _ => Ok(signer),
    }
}

/// The first field, which may stand in double quotes.
fn split_principals(line: &str) -> Result<(&str, &str), LineProblem> {
    let (principals, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(LineProblem::Fields("a quote is not closed"))?,
        None => line.split_once([' ', '\t']).ok_or(LineProblem::Fields("only one field is there"))?,
    };
    if principals.is_empty() || principals.contains('"') {
        return Err(LineProblem::Fields("the principals are empty or have a quote inside"));
    }
    if line.starts_with('"') && !rest.starts_with([' ', '\t']) {
        return Err(LineProblem::Fields("a space must follow the closing quote"));
    }
    Ok((principals, rest.trim_start_matches([' ', '\t'])))
}

/// The options field, empty when the next field is a key type, which OpenSSH tries first.
fn split_options(rest: &str) -> Result<(&str, &str), LineProblem> {
    let mut in_quotes = false;
    let end = rest.find(|c: char| {
        in_quotes ^= c == '"';
        !in_quotes && (c == ' ' || c == '\t')
    });
    let field = &rest[..end.unwrap_or(rest.len())];
    let is_option = field.contains('=') || field.to_ascii_lowercase().starts_with("cert-authority");
    let is_key_type = ["ssh-", "sk-", "ecdsa-", "rsa-", "webauthn-"].iter().any(|p| field.starts_with(p));
    if is_key_type && !is_option {
        return Ok(("", rest));
    }
    let end = end.ok_or(LineProblem::Fields("a quote is not closed, or no key follows"))?;
    Ok((field, &rest[end..]))
}

fn read_options(mut options: &str, signer: &mut AllowedSigner) -> Result<(), LineProblem> {
    if options.contains('\\') {
        return Err(LineProblem::Fields("backslashes in options are not read here"));
    }
    while !options.is_empty() {
        let end = options.find(['=', ',']).unwrap_or(options.len());
        let (keyword, rest) = (options[..end].to_ascii_lowercase(), &options[end..]);
        let (value, rest) = match rest.strip_prefix('=') {
            Some(rest) => quoted(&keyword, rest).map(|(value, rest)| (Some(value), rest))?,
            None => (None, rest),
        };
        apply(&keyword, value, signer)?;
        options = match rest.strip_prefix(',') {
            Some("") => return Err(LineProblem::Fields("a comma ends the options")),
            Some(rest) => rest,
            None if rest.is_empty() => rest,
            None => return Err(LineProblem::Fields("options are parted by commas")),
        };
    }
    Ok(())
}

fn quoted<'a>(keyword: &str, text: &'a str) -> Result<(&'a str, &'a str), LineProblem> {
    text.strip_prefix('"')
        .and_then(|text| text.split_once('"'))
        .ok_or_else(|| LineProblem::Unquoted(keyword.to_owned()))
}

fn apply(keyword: &str, value: Option<&str>, signer: &mut AllowedSigner) -> Result<(), LineProblem> {
    let is_repeated = match (keyword, value) {
        ("cert-authority", None) => std::mem::replace(&mut signer.cert_authority, true),
        ("namespaces", Some(list)) => signer.namespaces.replace(list.to_owned()).is_some(),
        ("valid-after", Some(text)) => signer.valid_after.replace(time::read(text)?).is_some(),
        ("valid-before", Some(text)) => signer.valid_before.replace(time::read(text)?).is_some(),
        _ => return Err(LineProblem::UnknownOption(keyword.to_owned())),
    };
    if is_repeated { Err(LineProblem::RepeatedOption(keyword.to_owned())) } else { Ok(()) }
}
