//! `scrutiny pseudonym`: how records of powers name people.
//!
//! A pseudonym is the first half of HMAC-SHA-256 (RFC 2104) over the number by which a force knows somebody, under a
//! secret of 32 random bytes. Nothing of it goes near a ledger but the pseudonym.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use ledger_rules::pseudonym::BYTES;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::cli::Pseudonym;
use crate::exit::{Done, Stop, io};
use crate::output::Output;

/// Bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Bytes that SHA-256 takes at a time (FIPS 180-4).
const BLOCK: usize = 64;

pub(crate) fn run(args: &Pseudonym, out: Output) -> Done {
    if args.new_secret {
        make_secret(&args.secret)?;
        out.say(&format!(
            "{}: a new secret. Keep it where the force's numbers are kept, and never beside a ledger.",
            args.secret.display()
        ));
    }
    let secret = read_secret(&args.secret)?;
    let of = |number: &String| hex::encode(&hmac(&secret, number.trim().as_bytes())[..BYTES]);
    let numbers = match &args.numbers[..] {
        [one] if one == "-" => std::io::read_to_string(std::io::stdin())
            .map_err(|e| Stop::Io(format!("standard input: {e}")))?
            .lines()
            .map(str::to_owned)
            .collect(),
        given => given.to_vec(),
    };
    if let Some(empty) = numbers.iter().position(|number| number.trim().is_empty()) {
        return Err(Stop::Usage(format!("number {} is empty", empty + 1)));
    }
    let pseudonyms: Vec<String> = numbers.iter().map(of).collect();
    out.result("pseudonym", &pseudonyms.join("\n"), || json!(pseudonyms));
    Ok(())
}

fn make_secret(path: &Path) -> Done {
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(|e| Stop::Io(format!("no random bytes: {e}")))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Stop::Conflict(format!("{}: is there already", path.display())),
        _ => io(path)(e),
    })?;
    writeln!(file, "{}", hex::encode(secret)).and_then(|()| file.sync_all()).map_err(io(path))
}

fn read_secret(path: &Path) -> Done<Vec<u8>> {
    let text = std::fs::read_to_string(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            Stop::NotFound(format!("{}: no secret there; --new-secret makes one", path.display()))
        }
        _ => io(path)(e),
    })?;
    match hex::decode(text.trim()) {
        Ok(secret) if secret.len() == SECRET_BYTES => Ok(secret),
        _ => Err(Stop::Usage(format!(
            "{}: a secret is {} hexadecimal digits",
            path.display(),
            2 * SECRET_BYTES
        ))),
    }
}

/// HMAC-SHA-256 (RFC 2104), for keys of a block at most.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0u8; BLOCK];
    block[..key.len()].copy_from_slice(key);
    let keyed = |with: u8, message: &[u8]| {
        let mut hash = Sha256::new();
        hash.update(block.map(|byte| byte ^ with));
        hash.update(message);
        hash.finalize()
    };
    keyed(0x5c, &keyed(0x36, message)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 1 and 2.
    #[test]
    fn hmac_agrees_with_rfc_4231() {
        let cases = [
            (
                vec![0x0b; 20],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ];
        for (key, message, expected) in cases {
            assert_eq!(hex::encode(hmac(&key, message)), expected);
        }
    }
}
