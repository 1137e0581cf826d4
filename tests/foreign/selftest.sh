#!/bin/sh
# Tests check.sh itself, on Tessera's own test log: it must say yes to the log as it is, and both Go tools
# must say no once one byte of it is flipped. Run it before trusting a "yes" about an export.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
log="$here/../../../shared/data/logs/tessera-testdata-log"
vkey=example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx
origin=example.com/log/testdata
namespace=statement@scrutiny-ledger

[ -d "$log" ] || { echo "SKIPPED: Tessera's test log is not in ../shared/data"; exit 0; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -RL "$log" "$scratch/a log"
chmod -R u+w "$scratch/a log"

# run NAME CODE ARGUMENTS... : check.sh must exit with CODE; what it says is in $scratch/said.
run() {
    name=$1 code=$2
    shift 2
    got=0
    "$here/check.sh" "$@" >"$scratch/said" 2>&1 || got=$?
    if [ $got -ne "$code" ]; then
        cat "$scratch/said"
        echo "WRONG: $name: exit code $code was due, got $got"
        exit 1
    fi
    echo "ok: $name"
}

says() {
    grep -q "$1" "$scratch/said" || { cat "$scratch/said"; echo "WRONG: it does not say \"$1\""; exit 1; }
}

# Flips the last bit of the byte before the last: content, not a line end or a length.
flip() {
    size=$(wc -c <"$1")
    byte=$(od -An -tu1 -j $((size - 2)) -N 1 "$1" | tr -d ' ')
    # shellcheck disable=SC2059
    printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek=$((size - 2)) conv=notrunc 2>/dev/null
}

run "the log as it is" 0 "$scratch/a log" "$vkey" "$origin"
if command -v go >/dev/null; then
    for file in checkpoint tile/0/000.p/15 tile/entries/000.p/15; do
        cp "$scratch/a log/$file" "$scratch/kept"
        flip "$scratch/a log/$file"
        run "a flipped byte in $file" 1 "$scratch/a log" "$vkey" "$origin"
        says "FAILED: verify-export"
        says "FAILED: fsck"
        cp "$scratch/kept" "$scratch/a log/$file"
    done
    run "another origin" 1 "$scratch/a log" "$vkey" example.com/other
    says "FAILED: verify-export"
    says "FAILED: fsck"
    (cd "$here" && go test ./...)
fi

if command -v ssh-keygen >/dev/null; then
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$scratch/key"
    echo "a decision" >"$scratch/statement"
    ssh-keygen -q -Y sign -f "$scratch/key" -n "$namespace" "$scratch/statement" 2>/dev/null
    echo "officer@force namespaces=\"$namespace\" $(cat "$scratch/key.pub")" >"$scratch/allowed"
    set -- "$scratch/a log" "$vkey" "$origin" "$scratch/allowed"
    run "a statement's signature" 0 "$@" "$scratch/statement" "$scratch/statement.sig" officer@force
    says "Good \"$namespace\" signature for officer@force"
    run "somebody else's name" 1 "$@" "$scratch/statement" "$scratch/statement.sig" other@force
    says "FAILED: ssh-keygen"
    echo "officer@force namespaces=\"$namespace\",valid-before=\"20240101Z\" $(cat "$scratch/key.pub")" >"$scratch/ended"
    ended() { run "$1" "$2" "$scratch/a log" "$vkey" "$origin" "$scratch/ended" "$scratch/statement" "$scratch/statement.sig" officer@force; }
    ended "a key whose time has ended" 1
    VERIFY_TIME=20231231235959Z
    export VERIFY_TIME
    ended "the same key, asked about its time" 0
    unset VERIFY_TIME
    echo "another decision" >"$scratch/other"
    run "another statement" 1 "$@" "$scratch/other" "$scratch/statement.sig" officer@force
    says "FAILED: ssh-keygen"
fi

# A machine without Go: everything else on the path, go not.
mkdir "$scratch/bin"
for tool in sh cat cut dirname basename mktemp rm ln grep timeout ssh-keygen; do
    if path=$(command -v $tool); then ln -s "$path" "$scratch/bin/$tool"; fi
done
PATH="$scratch/bin" run "a machine without Go" 0 "$scratch/a log" "$vkey" "$origin"
says "SKIPPED: go is not on this machine"
