//! Asking the `ssh-keygen` on this machine. Where there is none, the tests say so and pass.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use ed25519_dalek::SigningKey;
use ledger_core::sshsig::{PublicKey, Signature};
use tempfile::TempDir;

pub(crate) const NAMESPACE: &str = "statement@scrutiny-ledger";
pub(crate) const MESSAGE: &[u8] = b"a decision\n";
/// 2024-06-15T12:00:00Z, the moment that every verification is asked about.
pub(crate) const MOMENT: u64 = 1_718_452_800;
const MOMENT_TEXT: &str = "20240615120000Z";

pub(crate) fn folder() -> Option<TempDir> {
    let installed = Command::new("ssh-keygen").arg("-?").output().is_ok();
    if !installed {
        eprintln!("SKIPPED: ssh-keygen is not on this machine");
        return None;
    }
    Some(tempfile::tempdir().expect("a temporary folder"))
}

pub(crate) fn keygen(folder: &Path, arguments: &[&str], input: &[u8]) -> (bool, String) {
    let mut child = Command::new("ssh-keygen")
        .args(arguments)
        .current_dir(folder)
        .env("TZ", "UTC")
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ssh-keygen starts");
    // A refused file makes ssh-keygen exit before it reads its input; that is no failure of this test.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("ssh-keygen ends");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

pub(crate) fn key_pair() -> (SigningKey, PublicKey) {
    let key = SigningKey::from_bytes(&[42; 32]);
    let public = PublicKey::from_ed25519(key.verifying_key().as_bytes()).expect("a good key");
    (key, public)
}

/// Asks ssh-keygen about a signature by `m.sig` under the file `allowed`.
pub(crate) fn verify(folder: &Path, allowed: &str, principal: &str, message: &[u8]) -> (bool, String) {
    fs::write(folder.join("allowed"), allowed).expect("written");
    let time = format!("verify-time={MOMENT_TEXT}");
    let arguments =
        ["-Y", "verify", "-f", "allowed", "-I", principal, "-n", NAMESPACE, "-s", "m.sig", "-O", &time];
    keygen(folder, &arguments, message)
}

pub(crate) fn write_signature(folder: &Path, blob: &[u8]) {
    let armor = Signature::parse(blob).expect("a good signature").to_armor();
    fs::write(folder.join("m.sig"), armor).expect("written");
}
