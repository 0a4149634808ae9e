# needs: redis-server=redis-server redis-tools=redis-cli
# shellcheck shell=bash disable=SC2154
serve redis-server --bind 0.0.0.0 --port 7379 --protected-mode no --requirepass "$PASSWORD" --save '' --dir "$work"
wait_tcp 7379
capture redis tcp port 7379
# One command each: a session that reads from a file asks for 180 KiB of documentation first.
client redis-cli --no-auth-warning -h "$SERVER4" -p 7379 -a "$PASSWORD" SET level 1.24 >/dev/null
client redis-cli --no-auth-warning -h "$SERVER4" -p 7379 -a "$PASSWORD" -3 HGETALL level >/dev/null
done_capturing
