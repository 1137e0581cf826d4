//! The encoding that SSH puts everything in (RFC 4251 §5): big-endian u32, and strings with a u32 length.

use super::SshsigError;

/// Reads SSH wire encoding from the front of some bytes; each read names what it reads for the error.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// Starts at the front of `bytes`, which hold a `what`.
    #[must_use]
    pub fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { rest: bytes, what }
    }

    /// Takes `count` bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], SshsigError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(SshsigError::CutShort(self.what))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes one byte.
    ///
    /// # Errors
    /// When none is left.
    pub fn u8(&mut self) -> Result<u8, SshsigError> {
        Ok(self.take(1)?[0])
    }

    /// Takes a big-endian u32.
    ///
    /// # Errors
    /// When fewer than four bytes are left.
    pub fn u32(&mut self) -> Result<u32, SshsigError> {
        let bytes = self.take(4)?.try_into().expect("take(4) gives four bytes");
        Ok(u32::from_be_bytes(bytes))
    }

    /// Takes a string: a u32 length and that many bytes.
    ///
    /// # Errors
    /// When the length points past the end.
    pub fn string(&mut self) -> Result<&'a [u8], SshsigError> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| SshsigError::CutShort(self.what))?)
    }

    /// Makes sure that nothing is left.
    ///
    /// # Errors
    /// When something is.
    pub fn finish(self) -> Result<(), SshsigError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(SshsigError::TrailingBytes { what: self.what, count }),
        }
    }
}

/// Appends a string: its length as a big-endian u32, then its bytes.
///
/// # Panics
/// Beyond 4 GiB, which no caller gets near: everything here is bounded by an entry.
pub fn put_string(to: &mut Vec<u8>, string: &[u8]) {
    let length = u32::try_from(string.len()).expect("SSH strings here are far below 4 GiB");
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(string);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_points_past_the_end_is_refused() {
        for bad in [&b""[..], b"\0\0\0", b"\0\0\0\x01", b"\xff\xff\xff\xffabc"] {
            assert_eq!(Reader::new("x", bad).string(), Err(SshsigError::CutShort("x")), "{bad:?}");
        }
        let mut reader = Reader::new("x", b"\0\0\0\x02ab!");
        assert_eq!(reader.string(), Ok(&b"ab"[..]));
        assert_eq!(reader.finish(), Err(SshsigError::TrailingBytes { what: "x", count: 1 }));
    }
}
