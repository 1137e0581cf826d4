//! "thompson as acting LPB of cambridgeshire-lpb on behalf of CC".

use std::str::FromStr;

use crate::draft::DraftSigner;

impl FromStr for DraftSigner {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("must read \"<key> as [acting] <ROLE> of <body> [on behalf of <ROLE>]\"; got {text:?}")
        };
        let (key, capacity) = text.split_once(" as ").ok_or_else(wrong)?;
        let mut words = capacity.split_whitespace().peekable();
        let acting = words.next_if_eq(&"acting").is_some();
        let role = words.next().ok_or_else(wrong)?;
        let of = words.next();
        let body = words.next().ok_or_else(wrong)?;
        let rest: Vec<&str> = words.collect();
        let on_behalf_of = match rest[..] {
            [] => "",
            ["on", "behalf", "of", role] => role,
            _ => return Err(wrong()),
        };
        if of != Some("of") || key.trim().is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            key: key.trim().to_owned(),
            role: role.to_owned(),
            body: body.to_owned(),
            acting,
            on_behalf_of: on_behalf_of.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capacity_reads_as_it_is_said() {
        let plain: DraftSigner = "thompson as HMI-T of cambridgeshire".parse().expect("reads");
        assert_eq!((plain.key.as_str(), plain.role.as_str(), plain.acting), ("thompson", "HMI-T", false));
        let full: DraftSigner =
            "SHA256:abc as acting LPB of cambridgeshire-lpb on behalf of CC".parse().expect("reads");
        assert!(full.acting);
        assert_eq!((full.body.as_str(), full.on_behalf_of.as_str()), ("cambridgeshire-lpb", "CC"));
    }

    #[test]
    fn anything_else_is_refused_with_the_pattern() {
        for bad in [
            "",
            "a",
            "a as CC",
            "a as CC at b",
            "a as CC of b for CC",
            " as CC of b",
            "a as CC of b on behalf of",
        ] {
            assert!(bad.parse::<DraftSigner>().is_err_and(|e| e.contains("<ROLE>")), "{bad}");
        }
    }
}
