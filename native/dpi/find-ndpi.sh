#!/bin/sh
# Prints "found" when there is a libndpi that this compiles with, else "absent"; for binding.gyp, CMakeLists.txt and
# scripts/build.sh. A version that pkg-config knows but that does not compile counts as absent, so that installing the
# package never fails because of it; with --why the compiler may say what is wrong.
folder=$(dirname "$0")
absent() {
  echo absent
  exit 0
}
pkg-config --exists 'libndpi >= 4.2 libndpi < 6' 2>/dev/null || absent
[ "$1" = --why ] || exec 2>/dev/null
# shellcheck disable=SC2046 # one word per flag
"${CXX:-c++}" -std=c++17 -fsyntax-only $(pkg-config --cflags libndpi | sed 's/-I/-isystem /g') "$folder/ndpi_detector.cc" || absent
echo found
