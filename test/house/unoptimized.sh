#!/bin/sh
# A compiler launcher for CMake: what is shown is that all of the addon is there and fits together, and that does not ask for speed.
exec "$@" -O0
