#!/bin/sh
# Makes a virtual environment with the first Python of 3.11 to 3.13 whose venv works:
#
#     tools/make_venv.sh DIRECTORY
#     PYTHON=/usr/bin/python3.12 tools/make_venv.sh DIRECTORY
set -eu

check='import sys
if not (3, 11) <= sys.version_info < (3, 14):
    sys.exit(3)
try:
    import ensurepip, venv
except ImportError:
    sys.exit(4)'

incomplete=
for python in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    status=0
    "$python" -c "$check" >/dev/null 2>&1 || status=$?
    case $status in
    0) exec "$python" -m venv "$1" ;;
    4) incomplete=${incomplete:-${python##*/}} ;;
    esac
done

if [ -n "$incomplete" ]; then
    echo "$incomplete lacks venv: apt-get install $incomplete-venv" >&2
else
    echo "${PYTHON:+$PYTHON: }no Python 3.11, 3.12 or 3.13:" \
        "apt-get install python3 python3-venv, or make PYTHON=PATH" >&2
fi
exit 2
