# needs: slapd=slapd ldap-utils=ldapsearch
# A bind with a password in clear and a search.
# shellcheck shell=bash disable=SC2154
mkdir "$work/data"
cat >"$work/slapd.conf" <<CONF
include /etc/ldap/schema/core.schema
pidfile $work/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
maxsize 1048576
suffix "dc=levels,dc=example"
rootdn "cn=$USER_NAME,dc=levels,dc=example"
rootpw $PASSWORD
directory $work/data
CONF
printf 'dn: dc=levels,dc=example\nobjectClass: dcObject\nobjectClass: organization\ndc: levels\no: Weir Gauges\n' >"$work/levels.ldif"
prepare slapadd -f "$work/slapd.conf" -l "$work/levels.ldif"
serve slapd -d 0 -f "$work/slapd.conf" -h "ldap://0.0.0.0:1389/"
wait_tcp 1389
capture ldap tcp port 1389
client ldapsearch -x -H "ldap://$SERVER4:1389" -D "cn=$USER_NAME,dc=levels,dc=example" -w "$PASSWORD" -b dc=levels,dc=example '(o=Weir*)' >/dev/null
done_capturing
