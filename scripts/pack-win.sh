#!/usr/bin/env bash
# The zip for Windows: the package with its dependencies and the addon, the command file weir.cmd, and the install note.
# WinDivert is not in it: its licence wants its own text and sources beside it, and its driver must be the signed one.
#
#   scripts/pack-win.sh [FILE]     weir-sensor-VERSION-win32-x64.zip
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
name=weir-sensor-$(node -p "require('./package.json').version")-win32-x64
target=$(realpath -m "${1:-$name.zip}")

bash scripts/build.sh dist
folder=.cache/pack-win/$name
rm -rf .cache/pack-win
mkdir -p "$folder"
bash scripts/build-win.sh "$folder/prebuilds/win32-x64" >/dev/null
cp -r dist package.json binding.gyp README.md CHANGELOG.md LICENSE "$folder"
cp scripts/install-win.txt "$folder/INSTALL.txt"
printf '@echo off\r\nnode "%%~dp0dist\\cli\\main.js" %%*\r\n' >"$folder/weir.cmd"
# What the package needs at run time, as the lock file has it; none of it is compiled.
npm ls --omit=dev --all --parseable 2>/dev/null | sed -n "s|^$PWD/||p" | while read -r dependency; do
  if [[ -d $dependency ]]; then
    mkdir -p "$folder/$(dirname "$dependency")"
    cp -r "$dependency" "$folder/$dependency"
  fi
done
rm -f "$target"
python3 - "$folder" "$target" <<'CODE'
import os, sys, zipfile
folder, target = sys.argv[1:]
root = os.path.dirname(folder)
with zipfile.ZipFile(target, 'w', zipfile.ZIP_DEFLATED) as archive:
    for path, folders, files in sorted(os.walk(folder)):
        for file in sorted(files):
            full = os.path.join(path, file)
            # One date for all: the same sources make the same zip.
            entry = zipfile.ZipInfo(os.path.relpath(full, root), (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, open(full, 'rb').read())
CODE
echo "$target"
