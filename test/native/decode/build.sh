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
flags=(-std=c++17 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Wshadow -Werror -fsanitize=address,undefined -fno-sanitize-recover=undefined)
for part in "${@:-tests}"; do
  case "$part" in
    tests) "${CXX:-c++}" "${flags[@]}" "$here"/main.cc "$here"/*_test.cc "$decode"/*.cc -o "$out/decoder_test" ;;
    fuzz) clang++ "${flags[@]}" -O2 -fsanitize=fuzzer "$here/fuzz_decoder.cc" "$decode"/*.cc -o "$out/fuzz_decoder" ;;
    counts) "${CXX:-c++}" "${flags[@]}" "$here/flow_counts.cc" "$decode"/*.cc -lpcap -o "$out/flow_counts" ;;
    *) echo "build.sh: no part named $part" >&2; exit 2 ;;
  esac
done
