# needs: microsocks=microsocks curl=curl
# SOCKS 5 with a password, HTTP inside.
# shellcheck shell=bash disable=SC2154
mkdir "$work/www"
echo '{"level":1.24}' >"$work/www/level.json"
serve /usr/bin/python3 -m http.server -d "$work/www" 8085
serve microsocks -i 0.0.0.0 -p 2080 -u "$USER_NAME" -P "$PASSWORD"
wait_tcp 8085
wait_tcp 2080
capture socks5 tcp port 2080
client curl -sS -o /dev/null -x "socks5h://$USER_NAME:$PASSWORD@$SERVER4:2080" http://levels.example:8085/level.json
done_capturing
