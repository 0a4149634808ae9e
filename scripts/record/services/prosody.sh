# needs: prosody=prosody python3-slixmpp=/usr/lib/python3/dist-packages/slixmpp
# A login in clear as far as the stream goes, with SCRAM inside.
# shellcheck shell=bash disable=SC2154
mkdir "$work/data"
chown prosody: "$work/data"
cat >"$work/prosody.cfg.lua" <<CONF
daemonize = false
pidfile = "$work/data/pid"
data_path = "$work/data"
modules_enabled = { "roster", "saslauth", "disco" }
modules_disabled = { "s2s", "tls" }
c2s_ports = { 6222 }
c2s_interfaces = { "0.0.0.0" }
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
log = { error = "*console" }
VirtualHost "levels.example"
CONF
as_prosody=(setpriv --reuid=prosody --regid=prosody --clear-groups)
prepare "${as_prosody[@]}" prosodyctl --config "$work/prosody.cfg.lua" register "$USER_NAME" levels.example "$PASSWORD"
serve "${as_prosody[@]}" prosody --config "$work/prosody.cfg.lua" -F
wait_tcp 6222
capture xmpp tcp port 6222
client /usr/bin/python3 "$here/xmpp-visit.py" "$USER_NAME@levels.example" "$PASSWORD" "$SERVER4" 6222 2>/dev/null
done_capturing
