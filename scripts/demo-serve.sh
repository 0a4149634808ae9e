#!/usr/bin/env bash
# Serves a capture with dashboard and API. On a terminal it stays until Ctrl-C; elsewhere page, API and metrics are asked
# once each, and it ends.
#
#   scripts/demo-serve.sh CAPTURE
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
capture=$1

# Port 8080 unless somebody has it.
port=8080
if (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null; then port=0; fi

if [[ -t 1 ]]; then
  printf '\n\033[1m%s\033[0m\n' "weir serve --replay $capture (Ctrl-C ends it)"
  exec node dist/cli/main.js serve --replay "$capture" --port "$port"
fi

printf '\n%s\n' "weir serve --replay $capture"
out=$(mktemp)
node dist/cli/main.js serve --replay "$capture" --port 0 >"$out" 2>&1 </dev/null &
service=$!
trap 'kill "$service" 2>/dev/null || true; rm -f "$out"' EXIT
for _ in $(seq 300); do
  grep -q '^dashboard and API: ' "$out" && break
  kill -0 "$service" 2>/dev/null || { cat "$out" >&2; exit 1; }
  sleep 0.2
done
cat "$out"
node scripts/demo-check.ts "$(sed -n 's/^dashboard and API: \([^, ]*\).*/\1/p' "$out")"
kill -TERM "$service"
wait "$service"
