//! Whether bytes are the one encoding of a protobuf message, without encoding it.
//!
//! prost writes fields in the order of their numbers, numbers in their shortest form, and leaves out what is
//! empty or zero. A [`Walk`] strips exactly that off the bytes, field by field. What is left over, or does not
//! fit, was written by somebody else: unknown fields, fields twice or out of order, a zero spelt out.
//!
//! Encoding the message again and comparing says the same and costs a copy of every statement. The test below
//! holds the two to one answer.

/// What is left of an encoding. Every step is `None` when the next bytes are not what they should be.
pub(crate) struct Walk<'a>(&'a [u8]);

/// Wire types of the vocabulary.
const NUMBER: u64 = 0;
const BYTES: u64 = 2;

impl<'a> Walk<'a> {
    /// True when `fields` strips all of the bytes.
    pub(crate) fn covers(bytes: &'a [u8], fields: impl FnOnce(&mut Self) -> Option<()>) -> bool {
        let mut walk = Self(bytes);
        fields(&mut walk).is_some() && walk.0.is_empty()
    }

    /// A number, left out when it is zero.
    pub(crate) fn number(&mut self, field: u64, value: u64) -> Option<()> {
        if value == 0 { Some(()) } else { self.chosen_number(field, value) }
    }

    /// A number that stands even when it is zero, because it is one of several to choose from.
    pub(crate) fn chosen_number(&mut self, field: u64, value: u64) -> Option<()> {
        self.varint(field << 3 | NUMBER)?;
        self.varint(value)
    }

    /// An enum's number; negative ones are written as 64 bits.
    pub(crate) fn choice(&mut self, field: u64, value: i32) -> Option<()> {
        self.number(field, i64::from(value).cast_unsigned())
    }

    /// Text or bytes, left out when there are none.
    pub(crate) fn bytes(&mut self, field: u64, value: &[u8]) -> Option<()> {
        if value.is_empty() { Some(()) } else { self.item(field, value) }
    }

    /// One item of a list of texts or bytes, empty or not.
    pub(crate) fn item(&mut self, field: u64, value: &[u8]) -> Option<()> {
        self.varint(field << 3 | BYTES)?;
        self.varint(value.len() as u64)?;
        self.0 = self.0.strip_prefix(value)?;
        Some(())
    }

    /// A message within the message, empty or not.
    pub(crate) fn group(
        &mut self,
        field: u64,
        fields: impl FnOnce(&mut Walk<'a>) -> Option<()>,
    ) -> Option<()> {
        self.varint(field << 3 | BYTES)?;
        let length = self.length()?;
        let (inner, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Walk::covers(inner, fields).then_some(())
    }

    /// Strips a number in its shortest form.
    fn varint(&mut self, mut value: u64) -> Option<()> {
        while value >= 0x80 {
            self.byte((value & 0x7f) as u8 | 0x80)?;
            value >>= 7;
        }
        self.byte(value as u8)
    }

    fn byte(&mut self, expected: u8) -> Option<()> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        (byte == expected).then_some(())
    }

    /// Strips a length, whatever it is, in its shortest form.
    fn length(&mut self) -> Option<usize> {
        let mut length = 0;
        // Five groups of seven bits reach beyond the longest statement many times over.
        for shift in (0..35).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            length |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let is_shortest = byte != 0 || shift == 0;
                return usize::try_from(length).ok().filter(|_| is_shortest);
            }
        }
        None
    }
}
