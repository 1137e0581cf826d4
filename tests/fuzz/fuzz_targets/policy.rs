//! Policies: what is read writes a policy that reads the same.

#![no_main]

use ledger_core::policy::Policy;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(policy) = Policy::parse(data) else { return };
    assert_eq!(Policy::parse(&policy.to_bytes()).as_ref(), Ok(&policy));
    assert!(policy.is_quorum(|_| true), "all witnesses together are always enough");
    assert_eq!(policy.is_quorum(|_| false), policy.quorum().is_none());
});
