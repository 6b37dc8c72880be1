#!/usr/bin/env bash
# A newcomer's first ten minutes: clone into an empty folder, `make serve`, the README's requests as printed, stop, start
# again. Outside the gate: it installs everything and takes port 8000. Prints what each part took, in seconds.
#
#   tests/newcomer.sh [FIRST_LIMIT_S [AGAIN_LIMIT_S]]
set -euo pipefail
first_limit=${1:-360} again_limit=${2:-15}
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
server=
stop() { [ -z "$server" ] || { kill -TERM -- "-$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true; server=; }
trap 'stop; rm -rf "$folder"' EXIT
fail() { echo "FAILED: $1" >&2; tail -n 30 "$folder"/serve.log >&2 || true; exit 1; }
# The nth curl command of the README, as printed.
printed() {
  awk -v n="$1" '/^```/ { inside = 0; if (seen == n) exit } inside && /^curl /{ seen++ } inside && seen == n { print }
    /^```sh/ { inside = 1 }' README.md
}
serve() {
  local limit=$1 begin=$SECONDS
  setsid make serve >>"$folder/serve.log" 2>&1 </dev/null &
  server=$!
  until curl -sf -o /dev/null --max-time 2 http://127.0.0.1:8000/ready; do
    kill -0 "$server" 2>/dev/null || fail "make serve ended"
    [ $((SECONDS - begin)) -lt "$limit" ] || fail "not ready within $limit s"
    sleep 0.5
  done
  took=$((SECONDS - begin))
}

curl -s -o /dev/null --max-time 2 http://127.0.0.1:8000/live && fail "port 8000 is taken"
git clone --quiet "$here" "$folder/statecast"
cd "$folder/statecast"
serve "$first_limit"
echo "empty folder to ready: $took s (limit $first_limit)"
[ ! -f artifacts/default/manifest.json ] || ! grep -q "training a small example" "$folder/serve.log" \
  || fail "a model was trained though there is a default one"
for number in 1 2; do
  answer=$(eval "$(printed "$number")")
  grep -q '"mean"' <<<"$answer" || fail "the README's request $number answered: $answer"
  echo "request $number: ${answer:0:300}"
done
stop
serve "$again_limit"
echo "started again, ready: $took s (limit $again_limit)"
answer=$(eval "$(printed 2)")
grep -Eq '"duplicates": ?1' <<<"$answer" || fail "after a restart the same observation was no duplicate: $answer"
stop
echo "passed"
