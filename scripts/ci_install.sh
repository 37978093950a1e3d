#!/usr/bin/env bash
# Installs rustabi for the later steps of a job of GitHub Actions, in an environment of its own.
#   RUSTABI_INSTALL      what pip installs; empty for the folder that this script lies in
#   RUNNER_TEMP, GITHUB_PATH   of the runner
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
environment=$RUNNER_TEMP/rustabi

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "::error title=rustabi needs Python 3.11 or newer::put actions/setup-python before this action"
  exit 2
fi
"$python" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check "${RUSTABI_INSTALL:-$here}"
"$environment/bin/rustabi" --version
echo "$environment/bin" >>"$GITHUB_PATH"
