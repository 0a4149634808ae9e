#!/usr/bin/env bash
# The addon for 64-bit Windows, made on Linux by MinGW: prebuilds/win32-x64/weir-sensor.node, as it travels in the package.
# Needs g++-mingw-w64-x86-64-posix and libz-mingw-w64-dev. Builds only what changed.
#
#   scripts/build-win.sh [FOLDER]     into another folder than prebuilds/win32-x64
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
target=${1:-prebuilds/win32-x64}
build=.cache/build-win
log=$build/build.log

if ! command -v x86_64-w64-mingw32-g++-posix >/dev/null 2>&1 || [[ ! -f /usr/x86_64-w64-mingw32/lib/libz.a ]]; then
  echo "weir: the Windows build needs: apt-get install g++-mingw-w64-x86-64-posix libz-mingw-w64-dev" >&2
  exit 2
fi
mkdir -p "$build" "$target"
if ! { cmake -S native -B "$build" -DCMAKE_TOOLCHAIN_FILE="$PWD/native/mingw-w64-x86_64.cmake" -DCMAKE_BUILD_TYPE=Release &&
  cmake --build "$build" --parallel "$(nproc)"; } >"$log" 2>&1; then
  cat "$log" >&2
  echo "weir: building the Windows addon failed" >&2
  exit 1
fi
# Renamed into its place, and only when it is another one: programs may run with the one that is there.
if ! cmp -s "$build/weir.node" "$target/weir-sensor.node"; then
  cp "$build/weir.node" "$target/weir-sensor.node.next"
  mv "$target/weir-sensor.node.next" "$target/weir-sensor.node"
fi
echo "$target/weir-sensor.node"
