use super::*;

static ROLE: Role = Role {
    name: "recorder",
    about: "For tests",
    defaults: &[("ops.listen", "127.0.0.1:9461")],
    keys: &[
        Key::required("ledger", Shape::Path, "The ledger's folder"),
        Key::with_default("batch", Shape::Count, "64", "How many at once"),
    ],
};

#[derive(Debug, serde::Deserialize, PartialEq, Eq)]
struct Settings {
    ledger: PathBuf,
    batch: usize,
}

fn given(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("recorder.toml");
    std::fs::write(&path, file).unwrap();
    let pairs =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Config::gather(&ROLE, Given { file: Some(path), environment: pairs(environment), flags: pairs(flags) })
}

const FILE: &str = "force = 'kent'\n[recorder]\nledger = '/from/file'\nbatch = 8\n";

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let settings = |env: &[(&str, &str)], flags: &[(&str, &str)]| {
        given(FILE, env, flags).unwrap().settings::<Settings>().unwrap()
    };
    assert_eq!(settings(&[], &[]), Settings { ledger: "/from/file".into(), batch: 8 });
    let env = [("SCRUTINY_RECORDER_BATCH", "9"), ("SCRUTINY_RECORDER_LEDGER", "/from/env")];
    assert_eq!(settings(&env, &[]).batch, 9);
    assert_eq!(
        settings(&env, &[("recorder.batch", "10")]),
        Settings { ledger: "/from/env".into(), batch: 10 }
    );
    let default = given("force = 'kent'\n[recorder]\nledger = 'x'", &[], &[]).unwrap();
    assert_eq!(default.settings::<Settings>().unwrap().batch, 64);
    assert_eq!(default.common().ops.listen.port(), 9461);
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_known_one_wherever_it_stands() {
    for (file, env, expected) in [
        ("forse = 'kent'", vec![], "there is no \"forse\"; did you mean \"force\"?"),
        (
            "force = 'kent'\n[nats]\nurls = 'x'",
            vec![],
            "there is no \"nats.urls\"; did you mean \"nats.url\"?",
        ),
        (
            "force = 'kent'\n[recorder]\nledgers = 'x'",
            vec![],
            "there is no \"recorder.ledgers\"; did you mean \"recorder.ledger\"?",
        ),
        (
            FILE,
            vec![("SCRUTINY_NATS_ULR", "x")],
            "the environment: there is no \"SCRUTINY_NATS_ULR\"; did you mean \"SCRUTINY_NATS_URL\"?",
        ),
    ] {
        let sentence = given(file, &env, &[]).unwrap_err().to_string();
        assert!(sentence.ends_with(expected), "{sentence}");
    }
}

#[test]
fn one_environment_may_serve_every_role_and_the_command_line() {
    let env = [
        ("SCRUTINY_PROJECTOR_MIRROR", "x"),
        ("SCRUTINY_LEDGER", "y"),
        ("SCRUTINY_KEYS", "z"),
        ("SCRUTINY_CONFIG", "w"),
        ("PATH", "/bin"),
    ];
    given(FILE, &env, &[]).unwrap();
}

#[test]
fn a_value_of_another_shape_is_refused_with_what_would_do() {
    for (file, env, expected) in [
        (
            "force = 'kent'\n[recorder]\nledger = 'x'\nbatch = -1",
            vec![],
            "recorder.batch wants a whole number, and is \"-1\"",
        ),
        ("force = 7", vec![], "force wants some text, and is \"7\""),
        (
            FILE,
            vec![("SCRUTINY_RECORDER_BATCH", "many")],
            "SCRUTINY_RECORDER_BATCH: recorder.batch wants a whole number, and is \"many\"",
        ),
        (FILE, vec![("SCRUTINY_LOG_FORMAT", "xml")], "log.format wants one of text, json, and is \"xml\""),
        (
            FILE,
            vec![("SCRUTINY_OPS_LISTEN", "9461")],
            "ops.listen wants an address and port such as 127.0.0.1:9461, and is \"9461\"",
        ),
        ("force = ", vec![], "string values must be quoted"),
    ] {
        let sentence = given(file, &env, &[]).unwrap_err().to_string();
        assert!(sentence.contains(expected), "{sentence}");
    }
}

#[test]
fn what_is_missing_is_named_in_all_three_ways() {
    let sentence = given("force = 'kent'", &[], &[]).unwrap_err().to_string();
    assert_eq!(
        sentence,
        "ledger is not given (The ledger's folder): set it in the file, as SCRUTINY_RECORDER_LEDGER, or with --ledger"
    );
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    for (env, expected) in [
        (vec![("SCRUTINY_NATS_URL", "nats://me:secret@host")], "nats.url has a name or a password in it"),
        (vec![("SCRUTINY_NATS_CREDENTIALS", "a"), ("SCRUTINY_NATS_NKEY", "b")], "different identities"),
        (vec![("SCRUTINY_NATS_CERT", "a")], "nats.cert and nats.key go together"),
        (vec![("SCRUTINY_TRACE_ENDPOINT", "collector:4318")], "trace.endpoint wants an http"),
        (vec![("SCRUTINY_FORCE", "Kent Police")], "cannot stand in a subject"),
    ] {
        let sentence = given(FILE, &env, &[]).unwrap_err().to_string();
        assert!(sentence.contains(expected), "{sentence}");
    }
}

#[test]
fn what_is_printed_says_the_same_again_and_where_it_came_from() {
    let config = given(FILE, &[("SCRUTINY_NATS_URL", "nats://b:4222")], &[("log.format", "json")]).unwrap();
    let text = config.to_toml();
    for line in [
        "url = \"nats://b:4222\"  # SCRUTINY_NATS_URL",
        "format = \"json\"  # --log-format",
        "batch = 8  # /",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let again = given(&text, &[], &[]).unwrap();
    assert_eq!(again.settings::<Settings>().unwrap(), config.settings::<Settings>().unwrap());
    assert_eq!(again.common().nats.url, config.common().nats.url);
}

#[test]
fn a_secret_that_others_may_change_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "SUAB\n").unwrap();
    assert_eq!(read_secret(file.path()).unwrap(), "SUAB");
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(read_secret(file.path()).unwrap_err().to_string().contains("chmod go-w"));
}

proptest::proptest! {
    /// Whatever text a setting is given, it is refused, or `--print-config` writes a file that says the same again.
    #[test]
    fn what_is_printed_is_read_again_whatever_it_says(
        ledger in "[^\0]{1,12}",
        level in "[ -~\n\t\"'\\\\#]{0,12}",
        batch in "[-+0-9a-f_]{0,22}",
        junk in "[ -~\n]{0,40}",
    ) {
        let env = [
            ("SCRUTINY_RECORDER_LEDGER", ledger.as_str()),
            ("SCRUTINY_LOG_LEVEL", level.as_str()),
            ("SCRUTINY_RECORDER_BATCH", batch.as_str()),
        ];
        for env in [&env[..2], &env[..]] {
            let Ok(config) = given(FILE, env, &[]) else { continue };
            let again = given(&config.to_toml(), &[], &[]).unwrap();
            proptest::prop_assert_eq!(config.settings::<Settings>().unwrap(), again.settings().unwrap());
            proptest::prop_assert_eq!(&config.common().log.level, &again.common().log.level);
        }
        // A file of anything at all is read or refused, and nothing panics.
        let _ = given(&format!("{FILE}{junk}"), &[], &[]);
    }
}
