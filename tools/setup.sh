#!/bin/sh
# Makes .venv with everything that the targets of the Makefile use. Started by make when a list of requirements changed.
set -eu
cd "$(dirname "$0")/.."

is_usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3 /usr/bin/python3; do
        if is_usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    {
        echo "No Python 3.11, 3.12 or 3.13 with the venv module was found."
        echo "On Debian or Ubuntu: apt-get install python3 python3-venv. Another place: make PYTHON=/path/to/python3.12 ..."
    } >&2
    exit 1
}

# An environment whose interpreter went away, or of a checkout that was moved, is made again.
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null || [ "$(cat .venv/.root 2>/dev/null)" != "$PWD" ]; then
    python=$(find_python)
    echo "Making .venv with $("$python" --version 2>&1) (once, takes a minute or two)"
    rm -rf .venv
    "$python" -m venv .venv
    echo "$PWD" >.venv/.root
fi

export PIP_CACHE_DIR="$PWD/build/pip"
.venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements-dev.txt

# The checkout is the collection, and simulator, tools and tests are packages beside it.
packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n%s\n' "$PWD/build/collections" "$PWD" >"$packages/cluster_aware_updating.pth"
touch .venv/.ready
