#!/usr/bin/env bash
# Builds what changed since the last time: generated files are checked, the addon goes to build/Release, the
# JavaScript to dist. Each step leaves a stamp with the hash of its inputs in .cache/stamps.
#
#   scripts/build.sh [all|native|dist]
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
what=${1:-all}
stamps=.cache/stamps
mkdir -p "$stamps"

# Two builds in one checkout would write the same files; the second waits and then finds nothing to do.
if command -v flock >/dev/null 2>&1; then
  exec 9>.cache/build.lock
  flock 9
fi

# Hash of the names and contents of files and folders; what does not exist is left out.
hash_of() {
  local existing=() path
  for path in "$@"; do [[ -e $path ]] && existing+=("$path"); done
  find "${existing[@]}" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}
is_current() { [[ -f $stamps/$1 && $(<"$stamps/$1") == "$2" ]]; }

build_addon() {
  local inputs log headers ndpi
  # Where there is a libndpi, a second addon is built around it: another version, another build.
  ndpi=$(pkg-config --modversion libndpi 2>/dev/null || true)
  inputs=$(hash_of native binding.gyp)-$(node -p 'process.arch + process.versions.modules')-$({ "${CXX:-g++}" -dumpfullversion || true; } 2>/dev/null)-$ndpi
  if is_current addon "$inputs" && compgen -G 'build/Release/*.node' >/dev/null; then return; fi
  headers=$(bash scripts/node-headers.sh)
  log=.cache/build-addon.log
  echo "weir: building the addon" >&2
  # An addon in build/Release may be mapped by running processes, and is one file with its hard link in obj.target. With
  # that link gone every linker makes a new file, and make renames it into the place of the old one.
  rm -f build/Release/obj.target/*.node build/Release/obj.target/*.addon
  if ! node node_modules/node-gyp/bin/node-gyp.js configure build --release --nodedir="$headers" -j max >"$log" 2>&1; then
    cat "$log" >&2
    echo "weir: building the addon failed" >&2
    return 1
  fi
  grep -E 'warning:' "$log" >&2 || true
  if [[ -n $ndpi && ! -f build/Release/weir_dpi.addon ]]; then
    echo "weir: libndpi $ndpi is not used; 'sh native/dpi/find-ndpi.sh --why' says why" >&2
  fi
  echo "$inputs" >"$stamps/addon"
}

# Compiled beside dist and moved into its place, so that no removed source leaves its output behind and a failed
# build leaves the last good one.
build_dist() {
  local inputs next=.cache/dist-next old=.cache/dist-old
  inputs=$(hash_of src package.json package-lock.json tsconfig.json tsconfig.build.json scripts/build-dashboard.sh scripts/bundle-shard.sh scripts/bundle-detection.ts)
  if is_current dist "$inputs" && [[ -d dist ]]; then return; fi
  echo "weir: compiling TypeScript" >&2
  rm -rf "$next" "$old"
  node node_modules/typescript/bin/tsc -p tsconfig.build.json --outDir "$next" >&2
  bash scripts/bundle-shard.sh "$next/shard/worker.js" "$next/shard"
  node scripts/bundle-detection.ts "$next"
  [[ ! -f $next/cli/main.js ]] || chmod 755 "$next/cli/main.js"
  bash scripts/build-dashboard.sh "$next/dashboard"
  [[ ! -d dist ]] || mv dist "$old"
  mv "$next" dist
  rm -rf "$old"
  echo "$inputs" >"$stamps/dist"
}

node scripts/generate-layout.ts --check
node scripts/generate-app-tables.ts --check
case $what in
  all) build_addon && build_dist ;;
  native) build_addon ;;
  dist) build_dist ;;
  *)
    echo "usage: scripts/build.sh [all|native|dist]" >&2
    exit 2
    ;;
esac
