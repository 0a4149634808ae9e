#!/usr/bin/env bash
# Makes a fresh clone ready: system packages, npm packages (a current Node among them), addon, dist.
# Quick when nothing is to do; safe to run any number of times.
#
#   scripts/setup.sh [--tests]     with the packages that only tests need
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache/stamps

bash scripts/system-packages.sh "$@"

# npm ci without install scripts: the one of this package would build the addon for whatever Node runs npm, and with
# headers from the network. Of the dependencies only `node` has one that is needed: it fetches the platform's binary.
wanted=$(sha256sum <package-lock.json | cut -d' ' -f1)
stamp=.cache/stamps/dependencies
if [[ ! -f $stamp || $(<"$stamp") != "$wanted" || ! -x node_modules/.bin/node ]]; then
  echo "weir: installing npm packages" >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  npm rebuild node --loglevel=error >&2
  echo "$wanted" >"$stamp"
fi
node_modules/.bin/node --version >/dev/null || {
  echo "weir: npm's node package did not bring a node that runs here" >&2
  exit 2
}

bash scripts/build.sh
