//! A stranger verifies a published log over the web, from a server that knows nothing but files.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use crate::harness::Scene;

#[test]
fn a_published_log_is_verified_over_http_and_a_changed_one_is_not() {
    let scene = Scene::with_people();
    let exported = scene.json(["export", "ledger", "export"]);
    let vkey = exported["vkeys"][0].as_str().expect("a vkey");
    let address = serve(scene.path("export"));

    let report = scene.json(["verify", &address, "--vkey", vkey]);
    assert_eq!(report["entries"], exported["tree_size"]);
    assert_eq!(report["origin"], exported["origin"]);

    let nothing = scene.run(["verify", &format!("{address}/elsewhere"), "--vkey", vkey]);
    assert_eq!(nothing.code, 4, "where nothing is published nothing can be decided: {nothing:?}");
    let gone = scene.run(["verify", "http://127.0.0.1:1", "--vkey", vkey]);
    assert_eq!(gone.code, 8, "{gone:?}");

    let bundles = scene.path("export/tile/entries/000.p");
    let bundle = fs::read_dir(bundles).expect("a folder").next().expect("a bundle").expect("a bundle").path();
    let mut bytes = fs::read(&bundle).expect("a bundle");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&bundle, bytes).expect("written");
    let forged = scene.run(["verify", &address, "--vkey", vkey]);
    assert_eq!(forged.code, 3, "{forged:?}");

    fs::write(scene.path("export/checkpoint"), vec![b'x'; 2_000_000]).expect("written");
    let endless = scene.run(["verify", &address, "--vkey", vkey]);
    assert_ne!(endless.code, 0, "{endless:?}");
}

/// Serves a folder's files until the test ends, and says where.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever hangs up in the middle has read enough.
            let _ = answer(stream, &folder);
        }
    });
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let (status, body) = match fs::read(folder.join(path)) {
        Ok(bytes) => ("200 OK", bytes),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)
}
