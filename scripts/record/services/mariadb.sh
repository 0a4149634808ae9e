# needs: mariadb-server=mariadbd mariadb-client=mariadb
# shellcheck shell=bash disable=SC2154
certificate mariadb
mkdir "$work/data"
chown mysql: "$work/data"
prepare mariadb-install-db --no-defaults --user=mysql --datadir="$work/data" --skip-test-db --auth-root-authentication-method=normal
cat >"$work/init.sql" <<SQL
CREATE DATABASE levels;
CREATE USER '$USER_NAME'@'%' IDENTIFIED BY '$PASSWORD';
GRANT ALL ON levels.* TO '$USER_NAME'@'%';
SQL
serve mariadbd --no-defaults --user=mysql --datadir="$work/data" --port=4306 --bind-address=0.0.0.0 --socket="$work/data/socket" \
  --init-file="$work/init.sql" --ssl-cert="$work/mariadb.crt" --ssl-key="$work/mariadb.key" --skip-name-resolve
wait_tcp 4306
ask() {
  client mariadb --no-defaults -h "$SERVER4" -P 4306 -u "$USER_NAME" "-p$PASSWORD" "$@" levels \
    -e 'CREATE TABLE IF NOT EXISTS gauge (level REAL); INSERT INTO gauge VALUES (1.24); SELECT * FROM gauge' >/dev/null
}
capture mysql tcp port 4306
ask --skip-ssl
done_capturing
capture mysql-tls tcp port 4306
ask --ssl
done_capturing
