# needs: squid=squid nginx-light=nginx curl=curl
# A proxied request, and CONNECT with TLS inside.
# shellcheck shell=bash disable=SC2154
certificate web
mkdir "$work/www"
echo '{"level":1.24}' >"$work/www/level.json"
printf 'daemon off; master_process off; user root; pid %s/nginx.pid; error_log stderr;\nevents { }\nhttp { access_log off; client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s; uwsgi_temp_path %s; scgi_temp_path %s;\n ssl_certificate %s/web.crt; ssl_certificate_key %s/web.key; root %s/www; server { listen 8085; } server { listen 4434 ssl; } }\n' \
  "$work" "$work" "$work" "$work" "$work" "$work" "$work" "$work" "$work" >"$work/nginx.conf"
serve nginx -e stderr -p "$work" -c "$work/nginx.conf"
cat >"$work/squid.conf" <<CONF
http_port 4128
http_access allow all
cache deny all
cache_log /dev/null
access_log none
coredump_dir $work
pid_filename none
visible_hostname proxy.example
CONF
serve squid -N -f "$work/squid.conf"
wait_tcp 4128
wait_tcp 4434
capture http-proxy tcp port 4128
client curl -sS -o /dev/null -x "http://$SERVER4:4128" http://levels.example:8085/level.json
done_capturing
capture http-connect tcp port 4128
client curl -sS -k -o /dev/null -x "http://$SERVER4:4128" https://levels.example:4434/level.json
done_capturing
