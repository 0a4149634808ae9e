#!/usr/bin/env bash
# The addon by cmake-js instead of node-gyp, from the same list of sources.
#
#   scripts/build-cmake.sh [FOLDER]     into another folder than .cache/cmake-build
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
npm_config_nodedir=$(bash scripts/node-headers.sh)
export npm_config_nodedir
node node_modules/cmake-js/bin/cmake-js compile --directory native --out "$PWD/${1:-.cache/cmake-build}" --config Release
