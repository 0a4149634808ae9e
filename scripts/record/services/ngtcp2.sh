# needs: ngtcp2-client=gtlsclient ngtcp2-server=gtlsserver
# QUIC with HTTP/3 inside: version 1, the draft of version 2 that this release speaks, and a first version that nobody
# knows, which the server answers with the ones that it does.
# shellcheck shell=bash disable=SC2154
mkdir -p "$work/www"
echo 'level 1.24' >"$work/www/level.txt"
certificate quic
serve gtlsserver -q -d "$work/www" 0.0.0.0 8444 "$work/quic.key" "$work/quic.crt"
wait_udp 8444
fetch() { client gtlsclient -q --exit-on-all-streams-close "$@" levels.example 8444 https://levels.example:8444/level.txt >/dev/null; }

capture quic-v1 udp port 8444
fetch
done_capturing
capture quic-v2-draft udp port 8444
fetch --version v2draft --preferred-versions v2draft
done_capturing
capture quic-negotiation udp port 8444
fetch --version 0x1a2a3a4a --preferred-versions v1
done_capturing
