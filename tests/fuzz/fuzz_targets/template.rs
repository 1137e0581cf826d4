//! Templates of returns: what is read keeps its file, reads the same again, and names only what can be a file.

#![no_main]

use submissions::template::Template;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(file) = std::str::from_utf8(data) else { return };
    let Ok(template) = Template::parse(file) else { return };
    assert_eq!(template.file, file);
    assert_eq!(Template::parse(&template.file).as_ref(), Ok(&template));
    assert!(template.tables.iter().all(|table| !table.name.contains(['/', '\\', '.'])));
});
