#!/usr/bin/env bash
# The addon as it travels in the package: prebuilds/PLATFORM-ARCH/weir-sensor.LIBC.node, for the Node-API of every Node
# from the oldest that package.json names. Built in a copy: prebuildify cleans build/ first and takes the result out of it,
# which would leave this checkout, and what runs from it, without its addon.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
npm_config_nodedir=$(bash scripts/node-headers.sh)
export npm_config_nodedir

copy=.cache/prebuild
log=.cache/build-prebuilds.log
rm -rf "$copy" prebuilds
mkdir -p "$copy"
cp -r package.json binding.gyp native "$copy"
ln -s ../../node_modules "$copy/node_modules"
oldest=$(node -p "require('./package.json').engines.node.replace(/[^0-9.]/g, '') + '.0'")
if ! prebuildify --napi --strip --tag-libc --target "$oldest" --cwd "$copy" --out "$PWD" >"$log" 2>&1; then
  cat "$log" >&2
  echo "weir: building the prebuilt addon failed" >&2
  exit 1
fi
rm -rf "$copy"
find prebuilds -name '*.node'
