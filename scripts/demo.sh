#!/usr/bin/env bash
# Shows what Weir does on bundled captures: the summary on the screen, the first lines of each export, what it says of a scan,
# and the dashboard.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
export PATH="$PWD/node_modules/.bin:$PATH"

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
capture=test/fixtures/demo.pcap

title() { printf '\n\033[1m%s\033[0m\n' "$1"; }
[[ -t 1 ]] || title() { printf '\n%s\n' "$1"; }

title "weir replay $capture"
node dist/cli/main.js replay "$capture" --top-flows 10 \
  --export-json "$out/flows.json" --export-csv "$out/flows.csv" --flows-jsonl "$out/ended.jsonl" --packets-jsonl "$out/packets.jsonl" \
  --dns-jsonl "$out/dns.jsonl" --http-jsonl "$out/http.jsonl" --events-jsonl "$out/events.jsonl" \
  --summary-json "$out/summary.json" --ledger "$out/ledger.json" --assert-ledger </dev/null

# show FLAG FILE LINES WHAT: the first lines, cut to the width of a screen.
show() {
  title "$1: $4 ($(wc -c <"$2") bytes)"
  head -n "$3" "$2" | cut -c 1-150
}
show --flows-jsonl "$out/ended.jsonl" 3 'one line per flow as it ends'
show --export-csv "$out/flows.csv" 4 'all flows, largest first'
show --export-json "$out/flows.json" 12 'the same as JSON'
show --dns-jsonl "$out/dns.jsonl" 2 'every query and its answer'
show --http-jsonl "$out/http.jsonl" 2 'every request and its response'
show --events-jsonl "$out/events.jsonl" 2 'what happened to flows, as it happened'
show --packets-jsonl "$out/packets.jsonl" 3 'one line per packet'
show --ledger "$out/ledger.json" 12 'where every packet went'

# What is wrong: nmap tries sixty ports.
scan=test/fixtures/scan.pcap
title "weir replay $scan --evidence-dir evidence"
node dist/cli/main.js replay "$scan" --internal-network 192.0.2.0/24 --alerts-jsonl "$out/alerts.jsonl" \
  --behaviour-jsonl "$out/behaviour.jsonl" --evidence-dir "$out/evidence" </dev/null | grep '^\[alert\]'
show --alerts-jsonl "$out/alerts.jsonl" 2 'one line per alert, and per change of it'
show --behaviour-jsonl "$out/behaviour.jsonl" 2 'what each host of ours did in ten minutes'
alert=$(sed -n '1s/.*"alert_id":"\([0-9a-f]*\)".*/\1/p' "$out/alerts.jsonl")
title "weir explain $alert --evidence-dir evidence"
node dist/cli/main.js explain "$alert" --alerts "$out/alerts.jsonl" --evidence-dir "$out/evidence" | sed -n '1,30p'

title 'Next'
echo '  node dist/cli/main.js replay FILE --packets     your own capture, packet by packet'
echo '  sudo node dist/cli/main.js serve                this machine, live, in a browser'

# The service on the same capture: on a terminal it stays until Ctrl-C, elsewhere it is asked once.
bash scripts/demo-serve.sh "$capture"
