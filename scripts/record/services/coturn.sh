# needs: coturn=turnserver
# shellcheck shell=bash disable=SC2154
serve turnserver -n -S -p 4478 -L "$SERVER4" --no-tls --no-dtls --no-cli -l stdout --pidfile "$work/turn.pid" --no-rfc5780
wait_udp 4478
capture stun udp port 4478
client turnutils_stunclient -p 4478 "$SERVER4" >/dev/null
done_capturing
