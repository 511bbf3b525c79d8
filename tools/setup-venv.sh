#!/bin/sh
# Makes the virtual environment and installs the project with what its tests need.
# uv does it where it is installed, venv and pip otherwise.
#   VENV    where it goes (.venv)
#   PYTHON  the interpreter; otherwise the newest that is there
#   PINNED  "only": fail where the packages of constraints.txt cannot be installed, instead of
#           installing the versions that the package index has
set -eu

VENV=${VENV:-.venv}
PINNED=${PINNED:-}
CONSTRAINTS=constraints.txt
NEWEST_FIRST="python3.14 python3.13 python3.12 python3.11 python3"

fail() {
    echo "set-up: $*" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null
}

has() {
    "$1" -c "import $2" 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_new_enough "$PYTHON" || fail "$PYTHON is no Python 3.11 or newer"
        echo "$PYTHON"
        return
    fi
    found=""
    for candidate in $NEWEST_FIRST; do
        is_new_enough "$candidate" || continue
        # The newest one may lack what it takes to make an environment.
        if [ -n "$uv" ] || has "$candidate" ensurepip; then
            echo "$candidate"
            return
        fi
        found=${found:-$candidate}
    done
    [ -n "$found" ] || fail "Python 3.11 or newer is needed; none was found (PYTHON=... names one)"
    echo "$found"
}

make_environment() {
    if [ -n "$uv" ]; then
        "$uv" venv --quiet --clear --python "$python" "$VENV" && return
        echo "set-up: uv could not make the environment, trying venv" >&2
    fi
    if has "$python" ensurepip; then
        "$python" -m venv --clear "$VENV"
    elif has "$python" pip; then
        "$python" -m venv --clear --without-pip "$VENV"
    else
        fail "$python can make no environment: install python3-venv (Debian: apt-get install python3-venv) or uv"
    fi
}

# pip of the environment, or one from outside that installs into it.
run_pip() {
    if has "$VENV/bin/python" pip; then
        "$VENV/bin/python" -m pip "$@"
    elif has "$python" pip; then
        "$python" -m pip --python "$VENV/bin/python" "$@"
    elif has "$python" ensurepip; then
        "$VENV/bin/python" -m ensurepip --upgrade >/dev/null
        "$VENV/bin/python" -m pip "$@"
    else
        fail "there is neither uv nor pip: install python3-venv (Debian: apt-get install python3-venv) or uv"
    fi
}

# Exactly the versions and files that constraints.txt names; then the project alone, since pip
# cannot check the hash of a folder. Fails where the package index lacks one of them.
pinned_by_uv() {
    [ -n "$uv" ] &&
        "$uv" pip install --quiet --python "$VENV/bin/python" --require-hashes -r "$CONSTRAINTS" &&
        "$uv" pip install --quiet --python "$VENV/bin/python" --no-deps -e .
}

pinned_by_pip() {
    run_pip install --quiet --disable-pip-version-check --require-hashes -r "$CONSTRAINTS" &&
        run_pip install --quiet --disable-pip-version-check --no-deps -e .
}

# uv does not read pip's configuration: a mirror may be known to pip alone.
install_pinned() {
    problems=$VENV/.constraints-problems
    if (pinned_by_uv) 2>"$problems" || (pinned_by_pip) 2>"$problems"; then
        rm -f "$problems"
        return
    fi
    if [ "$PINNED" = only ]; then
        cat "$problems" >&2
        fail "cannot install what $CONSTRAINTS names"
    fi
    echo "set-up: cannot install what $CONSTRAINTS names ($(reason "$problems")); installing the versions that the package index has" >&2
    rm -f "$problems"
    return 1
}

# What went wrong, in a few words, from a file of pip's messages.
reason() {
    known='Could not find a version that satisfies the requirement [^ ]+|DO NOT MATCH THE HASHES'
    found=$(grep -oE -m 1 "$known" "$1" || grep -m 1 '^ERROR' "$1" || tail -n 1 "$1")
    printf '%s' "$found" | cut -c 1-160
}

install_unpinned() {
    if [ -n "$uv" ]; then
        "$uv" pip install --quiet --python "$VENV/bin/python" -e '.[test]' && return
        echo "set-up: uv could not install, trying pip" >&2
    fi
    run_pip install --quiet --disable-pip-version-check -e '.[test]'
}

uv=$(command -v uv || true)
python=$(find_python)
if ! is_new_enough "$VENV/bin/python"; then
    echo "set-up: $VENV with $("$python" --version)${uv:+, by uv}" >&2
    make_environment
fi
echo "set-up: installing the project and its tests' packages (the first time about a minute)" >&2
install_pinned || install_unpinned
