# needs: chrony=chronyd
# Neither end touches the clock (-x): it is the machine's.
# shellcheck shell=bash disable=SC2154
printf 'local stratum 8\nallow all\nport 1123\ncmdport 0\npidfile %s\nuser root\n' "$work/chronyd.pid" >"$work/server.conf"
serve chronyd -d -x -f "$work/server.conf"
wait_udp 1123
capture ntp udp port 1123
client chronyd -d -x -Q -t 8 'user root' 'cmdport 0' "pidfile $work/client.pid" "server $SERVER4 port 1123 iburst" >/dev/null 2>&1
done_capturing
