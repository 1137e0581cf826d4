//! The text form of a signature, as `ssh-keygen -Y sign` leaves it in a `.sig` file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::SshsigError;

const HEADER: &str = "-----BEGIN SSH SIGNATURE-----";
const FOOTER: &str = "-----END SSH SIGNATURE-----";

/// Characters in a line: what ssh-keygen writes. (PROTOCOL.sshsig says 76 and shows 70.)
const LINE: usize = 70;

/// Bytes in an armored signature. Those taken here have some 300; OpenSSH's longest kinds, some 6,000, are
/// still read so that they can be refused by name.
const MAX_ARMOR_BYTES: usize = 16 * 1024;

/// Armors a blob.
pub(super) fn armor(blob: &[u8]) -> String {
    let body = STANDARD.encode(blob);
    let mut text = String::with_capacity(body.len() + body.len() / LINE + HEADER.len() + FOOTER.len() + 4);
    text.push_str(HEADER);
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE));
        text.push('\n');
        text.push_str(line);
        rest = more;
    }
    text.push('\n');
    text.push_str(FOOTER);
    text.push('\n');
    text
}

/// Takes the armor off. Nothing may stand before the header or after the footer's line end; lines may
/// end in LF or CRLF and have any length.
pub(super) fn dearmor(text: &str) -> Result<Vec<u8>, SshsigError> {
    if text.len() > MAX_ARMOR_BYTES {
        return Err(SshsigError::Armor("it is far too long"));
    }
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Err(SshsigError::Armor("the first line is not -----BEGIN SSH SIGNATURE-----"));
    }
    let mut body = String::with_capacity(text.len());
    loop {
        match lines.next() {
            Some(FOOTER) => break,
            Some("") => return Err(SshsigError::Armor("it has an empty line")),
            Some(line) => body.push_str(line),
            None => return Err(SshsigError::Armor("the line -----END SSH SIGNATURE----- is missing")),
        }
    }
    if lines.next().is_some() {
        return Err(SshsigError::Armor("something follows the last line"));
    }
    STANDARD.decode(body).map_err(|_| SshsigError::Armor("its body is not padded base64"))
}
