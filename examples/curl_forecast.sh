#!/usr/bin/env bash
# The service from a shell: what is loaded, a forecast of a table as it lies there, and the same as CSV.
#
#   make serve                                # in another terminal
#   examples/curl_forecast.sh
set -euo pipefail
server=${STATECAST_URL:-http://127.0.0.1:8000}
table=$(dirname "$0")/data/passengers.csv

echo "models:"
curl -sf "$server/models"
echo
echo "as JSON:"
curl -sf "$server/forecast?freq=1mo&horizon=3&quantile_levels=0.1,0.9" \
  -H 'Content-Type: text/csv' -H 'Accept: application/json' --data-binary @"$table"
echo
echo "as a table:"
curl -sf "$server/forecast?freq=1mo&horizon=3&quantile_levels=0.1,0.9" \
  -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary @"$table"
