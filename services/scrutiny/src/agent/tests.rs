use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use ledger_core::sshsig;
use tempfile::TempDir;

use super::*;

const NAMESPACE: &str = "statement@scrutiny-ledger";

fn key(seed: u8) -> (SigningKey, PublicKey) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let public = PublicKey::from_ed25519(key.verifying_key().as_bytes()).expect("a good key");
    (key, public)
}

/// A real ssh-agent of this test alone, stopped when it goes out of scope.
struct RealAgent {
    process: Child,
    folder: TempDir,
}

impl RealAgent {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let started = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(folder.path().join("agent"))
            // Whoever asks for confirmation is told no.
            .env("SSH_ASKPASS", "/bin/false")
            .env("SSH_ASKPASS_REQUIRE", "force")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(process) = started else {
            eprintln!("SKIPPED: ssh-agent is not on this machine");
            return None;
        };
        let agent = Self { process, folder };
        let begin = Instant::now();
        while UnixStream::connect(agent.socket()).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(20), "ssh-agent does not come up");
            thread::sleep(Duration::from_millis(10));
        }
        Some(agent)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    fn add(&self, key: &SigningKey, comment: &str, options: &[&str]) {
        let file = self.folder.path().join("key");
        fs::write(&file, sshsig::write_private_key(key, comment).expect("a plain comment").as_str())
            .expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode 0600");
        let added = Command::new("ssh-add")
            .args(options)
            .arg(&file)
            .env("SSH_AUTH_SOCK", self.socket())
            .stderr(Stdio::null())
            .status()
            .expect("ssh-add comes with ssh-agent");
        assert!(added.success());
    }
}

impl Drop for RealAgent {
    fn drop(&mut self) {
        self.process.kill().expect("the agent was started here and runs in the foreground");
        self.process.wait().expect("it ends");
    }
}

#[test]
fn a_real_agent_signs_the_same_bytes_as_the_key_itself() {
    let Some(agent) = RealAgent::start() else { return };
    let (officer, public) = key(1);
    agent.add(&key(2).0, "another", &[]);
    agent.add(&officer, "an officer", &[]);
    let blob = sign(&agent.socket(), &public, NAMESPACE, b"decision").expect("it signs");
    assert_eq!(blob, sshsig::sign(&officer, NAMESPACE, b"decision"));
    let held = identities(&agent.socket()).expect("it lists");
    assert_eq!(held.len(), 2);
    assert_eq!(held[1], Identity { key: public, comment: "an officer".to_owned() });
}

#[test]
fn a_key_that_the_agent_does_not_hold_is_named() {
    let Some(agent) = RealAgent::start() else { return };
    agent.add(&key(2).0, "another", &[]);
    let (_, wanted) = key(1);
    match sign(&agent.socket(), &wanted, NAMESPACE, b"decision") {
        Err(AgentError::NoSuchKey { wanted: named, held: 1 }) => assert_eq!(named, wanted.key_id()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_that_nobody_confirms_is_refused() {
    let Some(agent) = RealAgent::start() else { return };
    let (officer, public) = key(1);
    agent.add(&officer, "asks first", &["-c"]);
    match sign(&agent.socket(), &public, NAMESPACE, b"decision") {
        Err(AgentError::Refused(named)) => assert_eq!(named, public.key_id()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_agent_is_said_with_the_place_it_should_be_at() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refused = sign(&folder.path().join("nobody"), &key(1).1, NAMESPACE, b"m").expect_err("no agent");
    assert!(refused.to_string().contains("/nobody: "), "{refused}");
}

/// An agent that answers each request with the next of these messages, whatever was asked.
fn lying_agent(folder: &TempDir, answers: Vec<Vec<u8>>) -> PathBuf {
    let socket = folder.path().join("liar");
    let listener = UnixListener::bind(&socket).expect("bound");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        for answer in answers {
            let mut length = [0; 4];
            stream.read_exact(&mut length)?;
            let mut request = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut request)?;
            stream.write_all(&answer)?;
        }
        io::Result::Ok(())
    });
    socket
}

fn message(kind: u8, contents: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    put_string(&mut message, &[&[kind], contents].concat());
    message
}

fn holding(key: &PublicKey) -> Vec<u8> {
    let mut contents = 1_u32.to_be_bytes().to_vec();
    put_string(&mut contents, key.blob());
    put_string(&mut contents, b"");
    message(IDENTITIES_ANSWER, &contents)
}

fn answer_of(answers: Vec<Vec<u8>>) -> AgentError {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = lying_agent(&folder, answers);
    sign(&socket, &key(1).1, NAMESPACE, b"decision").expect_err("it lied")
}

#[test]
fn an_agent_that_breaks_the_protocol_is_refused() {
    let signature_then_more = [&0_u32.to_be_bytes()[..], b"more"].concat();
    for answers in [
        vec![u32::MAX.to_be_bytes().to_vec()],
        vec![0_u32.to_be_bytes().to_vec()],
        vec![message(FAILURE, b"")],
        vec![message(IDENTITIES_ANSWER, b"")],
        vec![message(IDENTITIES_ANSWER, &u32::MAX.to_be_bytes())],
        vec![message(IDENTITIES_ANSWER, &[0, 0, 0, 0, 7])],
        vec![holding(&key(1).1), message(IDENTITIES_ANSWER, b"")],
        vec![holding(&key(1).1), message(SIGN_RESPONSE, &signature_then_more)],
    ] {
        let shown = format!("{answers:?}");
        assert!(matches!(answer_of(answers), AgentError::Protocol(_)), "{shown}");
    }
    assert!(matches!(answer_of(vec![]), AgentError::Io(_)), "it hung up");
    assert!(matches!(answer_of(vec![vec![0, 0, 0, 9, 12]]), AgentError::Io(_)), "it stopped half way");
}

#[test]
fn an_agent_that_signs_something_else_is_refused() {
    let (officer, public) = key(1);
    let inner_of = |blob: Vec<u8>| {
        // The inner signature is the last field: 4 bytes of length and 83 bytes.
        message(SIGN_RESPONSE, &blob[blob.len() - 87..])
    };
    let other_message = inner_of(sshsig::sign(&officer, NAMESPACE, b"another decision"));
    let other_namespace = inner_of(sshsig::sign(&officer, "file", b"decision"));
    let other_key = inner_of(sshsig::sign(&key(2).0, NAMESPACE, b"decision"));
    for answer in [other_message, other_namespace, other_key] {
        let refused = answer_of(vec![holding(&public), answer]);
        assert!(matches!(refused, AgentError::BadSignature(SshsigError::DoesNotVerify(_))), "{refused}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let honest = inner_of(sshsig::sign(&officer, NAMESPACE, b"decision"));
    let socket = lying_agent(&folder, vec![holding(&public), honest]);
    assert!(sign(&socket, &public, NAMESPACE, b"decision").is_ok(), "the same frame, honestly filled");
}
