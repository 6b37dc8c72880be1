#!/usr/bin/env bash
# An artifact in a fresh environment that has only the service's extras: it loads, its golden forecast comes out, the service
# starts. Outside the gate: it installs an environment.
#
#   tests/service_only.sh [ARTIFACT]      (artifacts/default if left out)
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
artifact=$(cd "${1:-$here/artifacts/default}" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/python" -m pip --disable-pip-version-check -q "$@"; }
git clone --quiet "$here" "$folder/statecast"
cd "$folder/statecast"
pip install -c constraints.txt "$(grep -E '^torch==' constraints.txt)"
pip install -c constraints.txt '.[service]'
mkdir "$folder/artifacts" "$folder/run"
cp -r "$artifact" "$folder/artifacts/"
cd "$folder/run" # away from the sources: what was installed is what runs
"$folder/venv/bin/python" - "$folder/artifacts/$(basename "$artifact")" <<'PYTHON'
import importlib.util
import sys

import statecast

for absent in ("pandas", "sklearn", "lightning_fabric", "typer", "plotly", "pytest"):
    assert importlib.util.find_spec(absent) is None, f"{absent} came along"
artifact = statecast.load(sys.argv[1])
print(f"{artifact.name}@{artifact.version} loads, its golden forecast comes out: {statecast.__file__}")
PYTHON
STATECAST_ARTIFACTS="$folder/artifacts" STATECAST_STATE_URL=memory:// STATECAST_PORT=18321 \
  timeout 60 "$folder/venv/bin/python" -m service & server=$!
for _ in $(seq 60); do
  if curl -sf -o /dev/null --max-time 2 http://127.0.0.1:18321/ready; then
    curl -sf http://127.0.0.1:18321/docs -o /dev/null
    kill "$server"
    wait "$server" || true
    echo passed
    exit 0
  fi
  sleep 0.5
done
kill "$server" || true
echo "FAILED: the service was not ready within 30 s" >&2
exit 1
