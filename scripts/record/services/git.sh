# needs: git=git
# shellcheck shell=bash disable=SC2154
prepare git init -q --bare "$work/levels.git"
serve git daemon --reuseaddr --export-all --base-path="$work" --port=10418 --listen=0.0.0.0
wait_tcp 10418
capture git tcp port 10418
client git ls-remote "git://levels.example:10418/levels.git"
done_capturing
