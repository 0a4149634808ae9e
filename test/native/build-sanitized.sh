#!/usr/bin/env bash
# Compiles C++ with sanitizers, file by file, and links it. The objects stay in .cache/sanitized under a hash of what goes
# into them, for other programs and for the next run.
#
#   build-sanitized.sh PROGRAM SANITIZERS [OPTION | FILE.cc]...     an option is for the files behind it, -l for linking
#
# -O0 before a file of many cases saves most of its time in the compiler; not before one that runs long.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
compiler=${CXX:-c++}
program=$1
sanitizers=$2
shift 2
# Several times as many as all programs together have.
most_objects=500

objects="$root/.cache/sanitized"
mkdir -p "$objects"
# The least recently used go; another build may be removing the same ones.
find "$objects" -type f -printf '%T@ %p\n' | sort -rn | tail -n "+$((most_objects + 1))" | cut -d' ' -f2- | xargs -r rm -f

# Line tables are all that a sanitizer's report reads of what -g writes.
flags=(-std=c++17 -O1 -g1 -fno-omit-frame-pointer -pthread -Wall -Wextra -Wshadow -Werror "-fsanitize=$sanitizers" -fno-sanitize-recover=all)
headers=$(find "$root/native" "$root/test/native" -name '*.h' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
always="$("$compiler" --version) ${flags[*]} $headers"

linked=()
libraries=()
options=()
for argument in "$@"; do
  case "$argument" in
    *.cc)
      source=$(realpath "$argument")
      object="$objects/$({ echo "$always ${options[*]} $source"; cat "$source"; } | sha256sum | cut -c1-40).o"
      if [[ -f $object ]]; then
        touch -c "$object"
      else
        "$compiler" "${flags[@]}" "${options[@]}" -c "$source" -o "$object.$$"
        mv "$object.$$" "$object"
      fi
      linked+=("$object")
      ;;
    -l*) libraries+=("$argument") ;;
    *)
      options+=("$argument")
      [[ $argument != -f* ]] || linked+=("$argument")
      # A folder of a library's headers: another version of it, other objects.
      [[ ! -d $argument ]] || always+=$(find "$argument" -type f -printf '%p %s %T@\n' | LC_ALL=C sort)
      ;;
  esac
done
"$compiler" "${flags[@]}" "${linked[@]}" "${libraries[@]}" -o "$program"
