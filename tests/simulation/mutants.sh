#!/usr/bin/env bash
# Shows that the simulator finds what it is for: each patch in mutants/ plants one bug into a copy of the tree, and
# simulating must find it within a minute. Fails when a patch no longer applies, or when a bug is not found.
#
#     tests/simulation/mutants.sh [NAME...]        all of them, or those named (fence replay index …)
#     SEED=7 PROFILE=dev tests/simulation/mutants.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD seed=${SEED:-1} profile=${PROFILE:-release}
copy=$root/target/mutants/tree found=$root/target/mutants/found
# Shared, so that third-party crates are built once.
export CARGO_TARGET_DIR=$root/target
program=$root/target/${profile/#dev/debug}/simulation

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for patch in tests/simulation/mutants/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi

# Every file is as new as this run: nothing that was built from a mutant before is taken for up to date.
rm -rf "$copy" "$found"
mkdir -p "$copy" "$found"
git ls-files --cached --others --exclude-standard -z | tar --null -T - -cf - | tar -xmf - -C "$copy"

plant() { (cd "$copy" && patch --quiet -p1 --no-backup-if-mismatch "$@"); }

failed=0
for name in "${names[@]}"; do
    patch=$root/tests/simulation/mutants/$name.patch
    if ! plant --forward --dry-run <"$patch" >/dev/null; then
        echo "$name: the patch no longer applies"
        failed=1
        continue
    fi
    plant --forward <"$patch"
    (cd "$copy" && cargo build --quiet --locked --profile "$profile" -p simulation)
    cp "$program" "$found/$name"
    plant --reverse <"$patch"
    if said=$("$found/$name" --schedules 1000000 --seed "$seed" --seconds 60 --no-shrink 2>"$found/$name.err"); then
        echo "$name: NOT FOUND: ${said%%$'\n'*}"
        failed=1
    else
        echo "$name: $(head -n 1 <<<"$said"): $(sed -n 's/^BROKEN: //p' "$found/$name.err" | head -n 1 | cut -c 1-150)"
    fi
    rm -f "$found/$name"
done
exit $failed
