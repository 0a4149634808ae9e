# needs: nginx-light=nginx curl=curl
# HTTP/1.1, HTTPS with TLS 1.2 and 1.3, HTTP/2 over TLS and without it.
# shellcheck shell=bash disable=SC2154
mkdir -p "$work/www"
echo '{"level":1.24,"flow":"steady"}' >"$work/www/level.json"
certificate web
cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; user root; pid $work/nginx.pid; error_log stderr;
events { worker_connections 32; }
http {
  access_log off; types { application/json json; }
  client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
  ssl_certificate $work/web.crt; ssl_certificate_key $work/web.key; root $work/www; error_page 405 =200 \$uri;
  server { listen 8085; listen [::]:8085; }
  server { listen 8086 http2; }
  server { listen 4433 ssl; ssl_protocols TLSv1.2; }
  server { listen 4434 ssl; ssl_protocols TLSv1.3; }
  server { listen 4435 ssl http2; }
}
CONF
serve nginx -e stderr -p "$work" -c "$work/nginx.conf"
for port in 8085 8086 4433 4434 4435; do wait_tcp "$port"; done

fetch() { client curl -sS -k -o /dev/null "$@"; }

capture http tcp port 8085
fetch -A 'gauge-reader/1.0' -e http://levels.example/map -u "$USER_NAME:$PASSWORD" 'http://levels.example:8085/level.json?station=7' \
  --next -sS -o /dev/null -d 'station=7&level=1.30' http://levels.example:8085/level.json
fetch -g "http://[$SERVER6]:8085/no-such-page"
done_capturing
capture h2c tcp port 8086
fetch --http2-prior-knowledge -A 'gauge-reader/1.0' http://levels.example:8086/level.json
done_capturing
capture https-tls12 tcp port 4433
fetch https://levels.example:4433/level.json
done_capturing
capture https-tls13 tcp port 4434
fetch --http1.1 https://levels.example:4434/level.json
done_capturing
capture http2-tls tcp port 4435
fetch https://levels.example:4435/level.json
done_capturing
