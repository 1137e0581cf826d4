//! Keys: made, enrolled, replaced, stopped.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a key pair, and a proof that you hold it
    New(KeyNew),
    /// Enrol a key and give it roles, or give more roles to an enrolled one; two administrators sign
    Enrol(KeyEnrol),
    /// List the enrolled keys with their roles
    List,
    /// Replace a key by a new one of the same holder, which takes over its roles
    Rotate(KeyRotate),
    /// Stop a key from signing until further notice
    Suspend(KeyReason),
    /// Let a suspended key sign again
    Reinstate(KeyReason),
    /// Stop a key from ever signing again
    Revoke(KeyRevoke),
}

#[derive(Debug, Args)]
pub(crate) struct KeyNew {
    /// A name for the key, such as "governance-officer"
    pub(crate) name: String,
}

/// Who signs an act of key administration.
#[derive(Debug, Clone, Args)]
pub(crate) struct By {
    /// The signing administrators: "root-1 as ROOT of cambridgeshire". Default: the two root keys
    #[arg(long = "by", value_name = "SIGNER")]
    pub(crate) by: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyEnrol {
    /// A key made by `scrutiny key new`, or a name for the key in --public-key
    pub(crate) name: String,
    /// A role for it: "CC of cambridgeshire", "acting LPB of cambridgeshire-lpb"; may be repeated
    #[arg(long = "as", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// First day of the roles
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<jiff::civil::Date>,
    /// Last day of the roles
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<jiff::civil::Date>,
    /// How records of stop and search and use of force name the holder: 32 hexadecimal digits:
    /// 16 bytes that the force makes with a secret of its own. Whoever reviews the force's own records needs it
    #[arg(long, value_name = "HEX", requires = "roles")]
    pub(crate) pseudonym: Option<String>,
    /// Who holds the key; sealed, never public
    #[arg(long, value_name = "TEXT")]
    pub(crate) holder: Option<String>,
    /// An OpenSSH public key that is kept elsewhere (an agent, a FIDO2 token)
    #[arg(long, value_name = "FILE", requires = "proof", value_hint = ValueHint::FilePath)]
    pub(crate) public_key: Option<PathBuf>,
    /// Its proof of possession, from `ssh-keygen -Y sign -n enrolment@scrutiny-ledger`
    #[arg(long, value_name = "FILE", requires = "public_key", value_hint = ValueHint::FilePath)]
    pub(crate) proof: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) by: By,
}

#[derive(Debug, Args)]
pub(crate) struct KeyRotate {
    /// The key to replace
    pub(crate) name: String,
    /// The new key, made by `scrutiny key new`
    #[arg(long, value_name = "NAME")]
    pub(crate) new: String,
    #[command(flatten)]
    pub(crate) by: By,
}

#[derive(Debug, Args)]
pub(crate) struct KeyReason {
    /// Which key: a name in the key folder, or "SHA256:..."
    pub(crate) name: String,
    /// Why
    #[arg(long)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) by: By,
}

#[derive(Debug, Args)]
pub(crate) struct KeyRevoke {
    #[command(flatten)]
    pub(crate) key: KeyReason,
    /// Somebody else may have used it since this entry: later ones it signed are marked as suspect
    #[arg(long, value_name = "INDEX")]
    pub(crate) compromised_since: Option<u64>,
}
