//! A ZIP archive without compression, clock or platform: bytes that follow from names and contents alone.
//!
//! ```text
//! for each member:  50 4b 03 04 │ header │ name │ content
//! for each member:  50 4b 01 02 │ header │ name            (the directory)
//! at the end:       50 4b 05 06 │ how many, how long, where
//! ```
//!
//! APPNOTE.TXT 6.3 §4.3. Members are stored as they are; their time is the earliest that the format can say.

/// Midnight on 1 January 1980, as MS-DOS wrote time and date.
const TIME: [u8; 4] = [0, 0, 0x21, 0];

/// Writes an archive of members in this order.
///
/// # Panics
/// When a member or all of them are longer than the format's 4 GiB; a workbook of figures is far from it.
#[must_use]
pub fn pack(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in members {
        let offset = short(archive.len());
        let header = header(name, content);
        archive.extend(b"PK\x03\x04");
        archive.extend(&header);
        archive.extend(name.as_bytes());
        archive.extend(content);

        directory.extend(b"PK\x01\x02");
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&header);
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(members.len()).expect("a document has a handful of members").to_le_bytes();
    let (start, length) = (short(archive.len()), short(directory.len()));
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count);
    archive.extend(count);
    archive.extend(length.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    archive
}

/// What the local header and the directory share: from the version needed to the length of extra fields.
fn header(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(26);
    let length = short(content.len()).to_le_bytes();
    header.extend(20_u16.to_le_bytes());
    // Names are UTF-8; the method is 0, stored.
    header.extend((1_u16 << 11).to_le_bytes());
    header.extend([0; 2]);
    header.extend(TIME);
    header.extend(crc32fast::hash(content).to_le_bytes());
    header.extend(length);
    header.extend(length);
    header.extend(u16::try_from(name.len()).expect("names of members are short").to_le_bytes());
    header.extend([0; 2]);
    header
}

fn short(length: usize) -> u32 {
    u32::try_from(length).expect("a workbook of figures has less than 4 GiB")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn another_reader_finds_every_member_as_it_was() {
        let members = vec![("mimetype".to_owned(), b"x".to_vec()), ("a/b.xml".to_owned(), vec![7; 70_000])];
        let bytes = pack(&members);
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
        assert_eq!(archive.len(), 2);
        for (at, (name, content)) in members.iter().enumerate() {
            let mut member = archive.by_index(at).expect("a member");
            let mut read = Vec::new();
            member.read_to_end(&mut read).expect("its checksum fits");
            assert_eq!(member.name().expect("a name"), name.as_str());
            assert_eq!(&read, content);
        }
    }
}
