#!/bin/sh
# Writes constraints.txt (everything that development needs) and constraints-web.txt (what the image
# of the web application needs): every package with its version and the hashes of its files, for
# Python 3.11 and newer on every system, without the address of any package index.
#   Versions in the files stay, unless pyproject.toml rules them out.
#   --upgrade                the newest versions of all packages
#   --upgrade-package NAME   the newest version of one package
#   PYTHON                   the interpreter that installs uv where uv is missing (python3)
set -eu
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    "$PYTHON" -m venv "$scratch/venv"
    "$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
    uv=$scratch/venv/bin/uv
fi

# uv does not read pip's configuration: tell it which index pip uses.
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    index=${PIP_INDEX_URL:-$("$PYTHON" -m pip config get global.index-url 2>/dev/null || true)}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
fi

# compile FILE OPTION...: the lines that are new replace the file once all of them are known.
compile() {
    file=$1
    shift
    [ ! -f "$file" ] || cp "$file" "$scratch/$file"
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-annotate \
        --custom-compile-command "make constraints" --output-file "$scratch/$file" \
        "$@" pyproject.toml >/dev/null
    cat "$scratch/$file" >"$file"
}

compile constraints.txt --extra test "$@"
# The image gets the versions that the tests ran with.
rm -f "$scratch/constraints-web.txt"
compile constraints-web.txt --extra web --constraints constraints.txt --upgrade
