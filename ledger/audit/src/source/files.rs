//! Plain files under slash-separated names: a folder, a map in memory, or whatever else can read by name.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::SourceError;

/// One item of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name, without the folder.
    pub name: String,
    /// True for a folder.
    pub is_folder: bool,
}

/// Named bytes. Names are relative, with slashes: `tile/0/000`.
pub trait Files: Sync {
    /// What a reader should call the place.
    fn name(&self) -> String;

    /// A file's bytes; `None` when there is no such file.
    ///
    /// # Errors
    /// [`SourceError::Damaged`] for one longer than `limit` bytes, [`SourceError::Unreachable`] when the place
    /// does not answer.
    fn read(&self, path: &str, limit: usize) -> Result<Option<Bytes>, SourceError>;

    /// The items of a folder in any order, none for a folder that is not there; `None` when the place cannot
    /// list, as a web server cannot.
    ///
    /// # Errors
    /// When the place does not answer.
    fn list(&self, folder: &str) -> Result<Option<Vec<Listed>>, SourceError>;
}

/// Files below a folder of the disk.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The files below `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    fn open(&self, path: &str) -> io::Result<Option<File>> {
        let path = self.0.join(path);
        // A folder is no file; a pipe would keep whoever opens it waiting for ever.
        match fs::metadata(&path) {
            Ok(what) if !what.is_file() => Ok(None),
            Ok(_) => File::open(path).map(Some),
            // A part of the path that is a file instead of a folder: no such file either.
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

impl Files for Folder {
    fn name(&self) -> String {
        self.0.display().to_string()
    }

    fn read(&self, path: &str, limit: usize) -> Result<Option<Bytes>, SourceError> {
        let unreachable =
            |e: io::Error| SourceError::Unreachable { what: path.to_owned(), problem: e.to_string() };
        let Some(file) = self.open(path).map_err(unreachable)? else { return Ok(None) };
        // Room for what the file system says, so that nothing moves while reading. Bounded while reading too: the
        // file may be growing, and may be none that has a length.
        let length = file.metadata().map_or(0, |data| usize::try_from(data.len()).unwrap_or(limit));
        let mut bytes = Vec::with_capacity(length.min(limit) + 1);
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreachable)?;
        if bytes.len() > limit { Err(too_long(path, limit)) } else { Ok(Some(bytes.into())) }
    }

    fn list(&self, folder: &str) -> Result<Option<Vec<Listed>>, SourceError> {
        match list_folder(&self.0.join(folder)) {
            Ok(items) => Ok(Some(items)),
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(Some(Vec::new()))
            }
            Err(e) => Err(SourceError::Unreachable { what: folder.to_owned(), problem: e.to_string() }),
        }
    }
}

fn list_folder(folder: &Path) -> io::Result<Vec<Listed>> {
    let item = |item: io::Result<fs::DirEntry>| {
        let item = item?;
        let name = item.file_name().to_string_lossy().into_owned();
        Ok(Listed { name, is_folder: item.file_type()?.is_dir() })
    };
    fs::read_dir(folder)?.map(item).collect()
}

/// Files in memory, by name: an export that nobody wrote to a disk yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryFiles(pub BTreeMap<String, Bytes>);

impl Files for MemoryFiles {
    fn name(&self) -> String {
        "an export in memory".to_owned()
    }

    fn read(&self, path: &str, limit: usize) -> Result<Option<Bytes>, SourceError> {
        match self.0.get(path) {
            Some(bytes) if bytes.len() > limit => Err(too_long(path, limit)),
            found => Ok(found.cloned()),
        }
    }

    fn list(&self, folder: &str) -> Result<Option<Vec<Listed>>, SourceError> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut items: Vec<Listed> = Vec::new();
        for path in self.0.range(prefix.clone()..).map(|(path, _)| path) {
            let Some(rest) = path.strip_prefix(&prefix) else { break };
            let (name, is_folder) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
            if items.last().is_none_or(|last| last.name != name) {
                items.push(Listed { name: name.to_owned(), is_folder });
            }
        }
        Ok(Some(items))
    }
}

fn too_long(path: &str, limit: usize) -> SourceError {
    SourceError::Damaged { what: path.to_owned(), problem: format!("it has more than {limit} bytes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(files: &[(&str, &str)], check: impl Fn(&dyn Files)) {
        let dir = tempfile::tempdir().unwrap();
        let mut map = BTreeMap::new();
        for (path, text) in files {
            let full = dir.path().join(path);
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, text).unwrap();
            map.insert((*path).to_owned(), Bytes::copy_from_slice(text.as_bytes()));
        }
        check(&Folder::new(dir.path()));
        check(&MemoryFiles(map));
    }

    #[test]
    fn a_folder_and_a_map_read_and_list_alike() {
        both(&[("checkpoint", "c"), ("tile/0/000", "ab"), ("tile/0/001.p/7", "x")], |files| {
            assert_eq!(files.read("tile/0/000", 2), Ok(Some(Bytes::from_static(b"ab"))));
            assert_eq!(files.read("tile/0", 10), Ok(None));
            assert_eq!(files.read("tile/0/000/x", 10), Ok(None));
            assert!(matches!(files.read("tile/0/000", 1), Err(SourceError::Damaged { .. })));
            let mut items = files.list("tile/0").unwrap().unwrap();
            items.sort_by(|a, b| a.name.cmp(&b.name));
            let items: Vec<_> = items.iter().map(|i| (i.name.as_str(), i.is_folder)).collect();
            assert_eq!(items, [("000", false), ("001.p", true)]);
            assert_eq!(files.list("nowhere"), Ok(Some(Vec::new())));
        });
    }
}
