#!/usr/bin/env bash
# Builds the readers' fuzzer, with address and undefined behaviour sanitizers, into a folder (clang).
#
#   build.sh OUT_DIR
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
app="$here/../../../native/app"
mkdir -p "$1"
# Readers, and what they read with; not the flows around them.
sources=()
for source in "$app"/*.cc; do
  case "${source##*/}" in
    app_flows.cc | libcrypto_windows.cc | note_store.cc) ;;
    *) sources+=("$source") ;;
  esac
done
CXX=clang++ bash "$here/../build-sanitized.sh" "$1/fuzz_readers" address,undefined -fsanitize=fuzzer -O2 "$here/fuzz_readers.cc" "${sources[@]}"
