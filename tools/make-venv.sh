#!/bin/sh
# Makes the virtual environment named by $1 with the first Python >= 3.11 of this machine that can make one.
# PYTHON=... chooses the interpreter. Says in one line what is missing, and the Debian package that brings it.
set -eu

target=$1
too_old=""
no_venv=""

for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
  command -v "$python" >/dev/null 2>&1 || continue
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
  if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    too_old="$python is $version"
    continue
  fi
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    no_venv=$version
    continue
  fi
  echo "Making $target with $python ($version)"
  exec "$python" -m venv --clear "$target"
done

if [ -n "$no_venv" ]; then
  echo "Missing: the venv module of Python $no_venv. On Debian: apt install python$no_venv-venv" >&2
elif [ -n "$too_old" ]; then
  echo "Missing: Python 3.11 or later ($too_old). On Debian 12 or later: apt install python3 python3-venv" >&2
else
  echo "Missing: Python 3.11 or later. On Debian 12 or later: apt install python3 python3-venv" >&2
fi
exit 1
