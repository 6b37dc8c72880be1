#!/usr/bin/env bash
# The containers from a clean clone: build, up, a forecast, a session, restart, the session goes on. Outside the gate: it
# needs a container engine, takes minutes and port 8000. Prints what each part took, in seconds. Removes what it made.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
if docker compose version >/dev/null 2>&1; then compose="docker compose"; else compose="docker-compose"; fi
export COMPOSE_PROJECT_NAME="statecast-check-$$"
folder=$(mktemp -d)
trap 'cd "$folder/statecast" && $compose down --volumes --timeout 5 >/dev/null 2>&1; cd /; rm -rf "$folder"' EXIT
fail() { echo "FAILED: $1" >&2; $compose logs --tail 40 >&2 || true; exit 1; }
printed() {
  awk -v n="$1" '/^```/ { inside = 0; if (seen == n) exit } inside && /^curl /{ seen++ } inside && seen == n { print }
    /^```sh/ { inside = 1 }' README.md
}
ready() {
  local limit=$1 begin=$SECONDS
  until curl -sf -o /dev/null --max-time 2 http://127.0.0.1:8000/ready; do
    [ $((SECONDS - begin)) -lt "$limit" ] || fail "not ready within $limit s"
    sleep 0.5
  done
  took=$((SECONDS - begin))
}
ask() { curl -s --max-time 10 http://127.0.0.1:8000/forecast -H 'Content-Type: application/json' -d "$1"; }
# What a forecast is, without what differs from call to call.
mean() { python3 -c 'import json, sys; print(json.load(sys.stdin)["forecasts"][0]["mean"])'; }

curl -s -o /dev/null --max-time 2 http://127.0.0.1:8000/live && fail "port 8000 is taken"
git clone --quiet "$here" "$folder/statecast"
cd "$folder/statecast"
begin=$SECONDS
timeout 1500 $compose build >"$folder/build.log" 2>&1 || { tail -n 40 "$folder/build.log" >&2; fail "the build"; }
echo "build: $((SECONDS - begin)) s, $(docker image inspect --format '{{.Size}}' statecast-service) bytes"
begin=$SECONDS
timeout 120 $compose up -d >/dev/null 2>&1 || fail "up"
ready 120
echo "up to ready: $((SECONDS - begin)) s"
answer=$(eval "$(printed 1)")
grep -q '"mean"' <<<"$answer" || fail "the README's request answered: $answer"
answer=$(eval "$(printed 2)")
grep -q '"mean"' <<<"$answer" || fail "the session's next observation answered: $answer"
again='{"series": [{"target": [], "session": "plant-7"}], "horizon": 6}'
before=$(ask "$again" | mean)

container=$($compose ps -q service)
[ "$(docker exec "$container" id -u)" != 0 ] || fail "the container runs as root"
docker exec "$container" python -c 'import pandas' 2>/dev/null && fail "the service image holds the training stack"
docker exec "$container" touch artifacts/probe 2>/dev/null && fail "the artifacts are writable"
echo "user: $(docker exec "$container" id)"

begin=$SECONDS
timeout 120 $compose restart >/dev/null 2>&1 || fail "restart"
ready 60
echo "restart to ready: $((SECONDS - begin)) s"
after=$(ask "$again" | mean)
[ "$before" = "$after" ] || fail "the session did not go on: $before, then $after"
docker kill --signal KILL "$container" >/dev/null
timeout 60 $compose up -d >/dev/null 2>&1
ready 60
after=$(ask "$again" | mean)
[ "$before" = "$after" ] || fail "the session did not survive a kill: $before, then $after"
for _ in $(seq 40); do
  health=$(docker inspect --format '{{.State.Health.Status}}' "$($compose ps -q service)")
  [ "$health" != healthy ] || break
  sleep 1
done
[ "$health" = healthy ] || fail "the health check says $health"

# The train profile writes into the volume that the service reads; a session of older weights says so.
train() {
  timeout 300 $compose run --rm -T train example --steps 20 --seed "$1" --out artifacts/load-hourly \
    >"$folder/train.log" 2>&1 </dev/null || { tail -n 20 "$folder/train.log" >&2; fail "training in a container"; }
  timeout 120 $compose restart service >/dev/null 2>&1 || fail "restart with a new model"
  ready 60
}
begin=$SECONDS
timeout 300 $compose --profile train build train >>"$folder/build.log" 2>&1 || fail "the training image"
train 7
grep -q '"mean"' <<<"$(ask '{"series": [{"target": [1, 2, 3], "session": "old"}], "model": "load-hourly"}')" || fail "the example"
train 8
echo "train profile, twice: $((SECONDS - begin)) s"
answer=$(ask '{"series": [{"target": [], "session": "old"}], "model": "load-hourly"}')
grep -q model_changed <<<"$answer" || fail "a session of other weights answered: $answer"
echo "passed"
