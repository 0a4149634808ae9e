#!/usr/bin/env bash
# Builds the dashboard: type check, then one page with hashed assets.
#
#   scripts/build-dashboard.sh [FOLDER]     FOLDER is emptied; without it, dist/dashboard
set -euo pipefail
folder=$(realpath -m "${1:-$(dirname "$0")/../dist/dashboard}")
cd "$(dirname "$0")/.."
node node_modules/typescript/bin/tsc -p src/dashboard >&2
node node_modules/vite/bin/vite.js build src/dashboard --config src/dashboard/vite-config.ts --outDir "$folder" --emptyOutDir --logLevel warn >&2
