# needs: freeradius=freeradius freeradius-utils=radclient
# One user who is accepted.
# shellcheck shell=bash disable=SC2154
cat >"$work/radiusd.conf" <<CONF
prefix = /usr
logdir = $work
run_dir = $work
libdir = /usr/lib/freeradius
security {
  allow_core_dumps = no
}
client reader {
  ipaddr = 192.0.2.0/24
  secret = weir-secret
}
modules {
  pap {
  }
}
server levels {
  listen {
    type = auth
    ipaddr = *
    port = 2812
  }
  authorize {
    update control {
      Cleartext-Password := "$PASSWORD"
    }
    pap
  }
  authenticate {
    pap
  }
}
CONF
serve freeradius -f -l stdout -d "$work" -D /usr/share/freeradius -n radiusd
wait_udp 2812
capture radius udp port 2812
client sh -c "echo 'User-Name=$USER_NAME,User-Password=$PASSWORD,NAS-Identifier=lower-weir' | radclient -t 2 -r 1 $SERVER4:2812 auth weir-secret" >/dev/null
done_capturing
