#!/usr/bin/env bash
# Weir beside its peers; see bench/main.ts for the flags.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh --tests
export PATH="$PWD/node_modules/.bin:$PATH"
exec node bench/main.ts "$@"
