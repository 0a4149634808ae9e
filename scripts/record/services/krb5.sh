# needs: krb5-kdc=krb5kdc krb5-admin-server=kadmin.local krb5-user=kinit
# A ticket over UDP, and one over TCP.
# shellcheck shell=bash disable=SC2154
printf '[kdcdefaults]\n kdc_ports = 1088\n kdc_tcp_ports = 1088\n[realms]\n LEVELS.EXAMPLE = {\n  database_name = %s/principal\n  key_stash_file = %s/stash\n  acl_file = %s/acl\n }\n' \
  "$work" "$work" "$work" >"$work/kdc.conf"
cat >"$work/krb5.conf" <<CONF
[libdefaults]
 default_realm = LEVELS.EXAMPLE
 dns_lookup_kdc = false
 rdns = false
[realms]
 LEVELS.EXAMPLE = {
  kdc = $SERVER4:1088
 }
CONF
realm=(env "KRB5_CONFIG=$work/krb5.conf" "KRB5_KDC_PROFILE=$work/kdc.conf")
prepare "${realm[@]}" kdb5_util create -s -P "$PASSWORD"
prepare "${realm[@]}" kadmin.local addprinc -pw "$PASSWORD" "$USER_NAME"
serve "${realm[@]}" krb5kdc -n
wait_udp 1088
ask() { client env "KRB5_CONFIG=$work/$1" KRB5CCNAME=MEMORY: sh -c "echo $PASSWORD | kinit $USER_NAME" >/dev/null; }
capture kerberos-udp udp port 1088
ask krb5.conf
done_capturing
sed 's/rdns = false/&\n udp_preference_limit = 1/' "$work/krb5.conf" >"$work/krb5-tcp.conf"
capture kerberos-tcp tcp port 1088
ask krb5-tcp.conf
done_capturing
