#!/usr/bin/env bash
# Runs everything: style rules, type check, unit to live tests and the native ones, all of them as vitest tests, so
# that one count is the truth. Sets up what is missing first. Ends with one line: N passed, N failed, N skipped.
#
#   scripts/test.sh [vitest arguments]     for example: scripts/test.sh test/unit
set -uo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh --tests || exit $?
export PATH="$PWD/node_modules/.bin:$PATH"

results=.cache/test-results.json
rm -f "$results"
node node_modules/vitest/vitest.mjs run --reporter=default --reporter=json --outputFile="$results" "$@" </dev/null
code=$?
node scripts/test-totals.ts "$results" "$code"
