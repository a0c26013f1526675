#!/bin/sh
# Pin names, versions and hashes; no lock holds a download address, so each machine's own settings decide that.
set -eu
uv="$(realpath "$1")"
cd "$(dirname "$0")"
pin() {
    "$uv" pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate \
        --universal --python-version 3.11 "$@"
}
pin core.in --output-file core.lock
pin dev.in --constraint core.lock --output-file dev.lock
pin --no-deps tools.in --output-file tools.lock
