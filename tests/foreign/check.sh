#!/bin/sh
# Checks an exported ledger with tools that its makers did not write:
#
#   1. verify-export: Go's sumdb/note and sumdb/tlog, the code behind sum.golang.org;
#   2. fsck of Tessera, the transparency-dev log;
#   3. ssh-keygen, on one statement's signature, when told which.
#
# Exit codes: 0 nothing says no, 1 one of them says no, 2 wrong usage, 3 one of them could not be fetched or
# built. Where Go is absent the first two are skipped, which is said and is no failure.
set -u

usage() {
    echo "usage: check.sh EXPORT VKEY ORIGIN [ALLOWED_SIGNERS STATEMENT SIG PRINCIPAL]" >&2
    echo "       RECEIPT=FILE.tlog-proof check.sh ...       checks that receipt as well" >&2
    echo "       VERIFY_TIME=20240229235959Z check.sh ...   asks who might sign at that time, not now" >&2
    exit 2
}

[ $# -eq 3 ] || [ $# -eq 7 ] || usage
here=$(cd "$(dirname "$0")" && pwd)
[ -d "$1" ] || { echo "check.sh: there is no folder $1" >&2; exit 2; }
export_folder=$(cd "$1" && pwd)
vkey=$2
origin=$3
namespace=statement@scrutiny-ledger
fsck=github.com/transparency-dev/tessera/cmd/fsck@v1.0.4
# After a tile that does not match, fsck (v1.0.4) waits for ever if more tiles follow it.
fsck_seconds=${FSCK_SECONDS:-300}
failed=0
undecided=0

# A key given as a file is read; fsck wants a file, verify-export takes either.
case $vkey in *+*) ;; *) vkey=$(cat "$vkey") || exit 2 ;; esac
receipt=${RECEIPT:-}
if [ -n "$receipt" ]; then receipt=$(cd "$(dirname "$receipt")" && pwd)/$(basename "$receipt"); fi

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "FAILED: $1" >&2
    failed=1
}

cannot() {
    echo "CANNOT DECIDE: $1" >&2
    undecided=1
}

# limited SECONDS COMMAND... : where there is no timeout(1), without the limit.
limited() {
    if command -v timeout >/dev/null; then timeout "$@"; else shift && "$@"; fi
}

go_note_and_tlog() {
    echo "== Go's sumdb/note and sumdb/tlog"
    (cd "$here" && go build -o "$scratch/verify-export" ./verify-export) || {
        cannot "verify-export does not build"
        return
    }
    "$scratch/verify-export" ${receipt:+-proof "$receipt"} "$export_folder" "$vkey" "$origin" || fail "verify-export"
}

tessera_fsck() {
    echo "== Tessera's fsck"
    printf '%s' "$vkey" >"$scratch/vkey"
    # Through a link, because fsck wants a URL and a folder's name may hold what a URL may not.
    ln -s "$export_folder" "$scratch/export"
    (cd "$scratch" && GOBIN="$scratch" go install "$fsck") || {
        cannot "fsck cannot be built; is the Go module proxy reachable?"
        return
    }
    # fsck exits 0 whatever it finds (v1.0.4), so only its sentence of success counts.
    limited "$fsck_seconds" "$scratch/fsck" --storage_url="file://$scratch/export" --public_key="$scratch/vkey" \
        --origin="$origin" --ui=false >"$scratch/said" 2>&1
    if grep -q "Successfully fsck'd log with size" "$scratch/said" && ! grep -q "fsck failed" "$scratch/said"; then
        grep "Successfully" "$scratch/said"
    else
        cut -c1-300 "$scratch/said" >&2
        fail "fsck (it did not say yes within $fsck_seconds seconds)"
    fi
}

openssh() {
    echo "== OpenSSH"
    if ! command -v ssh-keygen >/dev/null; then
        echo "SKIPPED: ssh-keygen is not on this machine"
        return
    fi
    ssh-keygen -Y verify -f "$1" -I "$4" -n "$namespace" -s "$3" \
        ${VERIFY_TIME:+-O "verify-time=$VERIFY_TIME"} <"$2" || fail "ssh-keygen"
}

if command -v go >/dev/null; then
    go_note_and_tlog
    tessera_fsck
else
    echo "SKIPPED: go is not on this machine"
fi
if [ $# -eq 7 ]; then openssh "$4" "$5" "$6" "$7"; fi
if [ $failed -eq 0 ] && [ $undecided -eq 1 ]; then exit 3; fi
exit $failed
