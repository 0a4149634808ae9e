# needs: postgresql=/usr/lib/postgresql/*/bin/postgres
# shellcheck shell=bash disable=SC2154
bin=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/postgres' | sort -V | tail -n 1)")
certificate postgresql
mkdir "$work/data"
cp "$work/postgresql.key" "$work/private.key"
chmod 600 "$work/private.key"
chown -R postgres: "$work/data" "$work/private.key"
as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups)
prepare "${as_postgres[@]}" "$bin/initdb" -D "$work/data" -U postgres -A trust
cat >"$work/data/pg_hba.conf" <<CONF
local all postgres trust
hostnossl plain all all password
host all all all scram-sha-256
CONF
# A server without network for the accounts, in one process.
printf "CREATE USER %s PASSWORD '%s';\nCREATE DATABASE levels;\nCREATE DATABASE plain;\n" "$USER_NAME" "$PASSWORD" >"$work/accounts.sql"
prepare "${as_postgres[@]}" sh -c "$bin/postgres --single -D $work/data postgres <$work/accounts.sql"
serve "${as_postgres[@]}" "$bin/postgres" -D "$work/data" -p 6432 -c "listen_addresses=*" -c unix_socket_directories= -c ssl=on \
  -c "ssl_cert_file=$work/postgresql.crt" -c "ssl_key_file=$work/private.key"
wait_tcp 6432
ask() { client env "PGPASSWORD=$PASSWORD" "$bin/psql" -X -q "host=$SERVER4 port=6432 user=$USER_NAME $1" -c 'SELECT 1.24 AS level' >/dev/null; }

capture postgresql tcp port 6432
ask 'dbname=plain sslmode=disable'
done_capturing
capture postgresql-scram tcp port 6432
ask 'dbname=levels sslmode=disable'
done_capturing
capture postgresql-tls tcp port 6432
ask 'dbname=levels sslmode=require'
done_capturing
