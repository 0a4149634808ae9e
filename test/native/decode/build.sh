#!/usr/bin/env bash
# Builds the decoder's tests, with address and undefined behaviour sanitizers, into a folder.
#
#   build.sh OUT_DIR [tests|fuzz|counts]...      tests: decoder_test; fuzz: fuzz_decoder (clang); counts: flow_counts (libpcap)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
decode="$here/../../../native/decode"
out="$1"
shift
mkdir -p "$out"
build() { bash "$here/../build-sanitized.sh" "$out/$1" address,undefined "${@:2}"; }
for part in "${@:-tests}"; do
  case "$part" in
    tests) build decoder_test "$decode"/*.cc -O0 "$here"/main.cc "$here"/*_test.cc ;;
    fuzz) CXX=clang++ build fuzz_decoder -fsanitize=fuzzer -O2 "$here/fuzz_decoder.cc" "$decode"/*.cc ;;
    counts) build flow_counts "$decode"/*.cc "$here/flow_counts.cc" -lpcap ;;
    *) echo "build.sh: no part named $part" >&2; exit 2 ;;
  esac
done
