#!/usr/bin/env bash
# Strangers verify the demonstration: its export with Go's sumdb and Tessera's fsck, a receipt, and an officer's
# signature with ssh-keygen. Part of `./test`; says SKIPPED, and why, where a tool is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --quiet --locked -p scrutiny
target=${CARGO_TARGET_DIR:-target}
case $target in /*) ;; *) target="$PWD/$target" ;; esac
scrutiny="$target/debug/scrutiny"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
"$scrutiny" demo demo --quiet >/dev/null
export SCRUTINY_LEDGER=demo/ledger SCRUTINY_KEYS=demo/keys
"$scrutiny" export demo/ledger export --quiet >/dev/null
"$scrutiny" prove 100 --out receipt.tlog-proof --quiet >/dev/null
"$scrutiny" show 100 --extract out --quiet >/dev/null
"$scrutiny" policy --quiet >policy
# The first key of the policy is the Ed25519 one, which every tool reads.
vkey=$(awk '$1 == "log" { print $2; exit }' policy)
origin=${vkey%%+*}
principal=$("$scrutiny" show 100 --extract out --quiet | sed -n '1s/.* -I \([^ ]*\) .*/\1/p')

RECEIPT=receipt.tlog-proof "$OLDPWD/tests/foreign/check.sh" export "$vkey" "$origin" \
    out/allowed_signers out/100.statement out/100.statement.1.sig "$principal"

cd "$OLDPWD"
tests/foreign/selftest.sh
