//! One file for each command.

pub(crate) mod allowed_signers;
pub(crate) mod board_pack;
pub(crate) mod bodies;
pub(crate) mod check;
pub(crate) mod clock;
pub(crate) mod conduct;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod figures;
pub(crate) mod flow;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod key_list;
pub(crate) mod kinds;
pub(crate) mod manual;
pub(crate) mod policy;
pub(crate) mod prove;
pub(crate) mod record;
pub(crate) mod refusals;
pub(crate) mod register;
pub(crate) mod response;
pub(crate) mod scrub;
pub(crate) mod show;
pub(crate) mod sign;
pub(crate) mod verify;
