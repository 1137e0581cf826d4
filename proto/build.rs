//! Compiles the vocabulary without a system protoc and keeps its descriptors, comments included,
//! so that forms, the manual and the first charter can be made from them.

use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = proto_files(Path::new("scrutiny"))?;
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    println!("cargo:rerun-if-changed=scrutiny");
    println!("cargo:rerun-if-changed=examples");

    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // Encoded by protox itself: prost's own descriptor types would drop our options.
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;

    let set = compiler.file_descriptor_set();
    debug_assert!(set.encoded_len() > 0, "the vocabulary is never empty");
    prost_build::Config::new().bytes(["."]).include_file("generated.rs").compile_fds(set)?;
    fs::write(out.join("examples.rs"), example_table(Path::new("examples"))?)?;
    Ok(())
}

fn proto_files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir)? {
        let path = item?.path();
        if path.is_dir() {
            found.extend(proto_files(&path)?);
        } else if path.extension().is_some_and(|e| e == "proto") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Writes `[(short name, YAML)]` as Rust, one row for each file in `dir`.
fn example_table(dir: &Path) -> std::io::Result<String> {
    let mut rows = Vec::new();
    for item in fs::read_dir(dir)? {
        let path = item?.path().canonicalize()?;
        if let (Some("yaml"), Some(stem)) =
            (path.extension().and_then(|e| e.to_str()), path.file_stem().and_then(|s| s.to_str()))
        {
            rows.push(format!("({stem:?}, include_str!({:?})),\n", path.display().to_string()));
        }
    }
    rows.sort();
    Ok(format!("&[{}]", rows.concat()))
}
