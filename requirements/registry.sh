#!/bin/sh
# Build the registry client of the tests into .venv: from the modules that requirements/registry pins, by the
# machine's own go or the one that setup.sh has put there.
set -eu
echo "Building regctl for the tests (once) …" >&2
export PATH="$PWD/.venv/bin:$PATH" GOFLAGS=-mod=readonly
cd requirements/registry
go build -trimpath -o ../../.venv/bin/regctl github.com/regclient/regclient/cmd/regctl
