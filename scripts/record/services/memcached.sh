# needs: memcached=memcached libmemcached-tools=memccp
# shellcheck shell=bash disable=SC2154
serve memcached -u root -l 0.0.0.0 -p 12211 -U 12211
wait_tcp 12211
echo 'level 1.24' >"$work/level"
capture memcached tcp port 12211
client memccp --servers="$SERVER4:12211" "$work/level"
client memccat --servers="$SERVER4:12211" level >/dev/null
done_capturing
