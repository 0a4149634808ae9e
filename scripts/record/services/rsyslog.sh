# needs: rsyslog=rsyslogd bsdutils=logger
# RFC 5424 over UDP, RFC 3164 over UDP, octet counting over TCP.
# shellcheck shell=bash disable=SC2154
printf 'module(load="imudp")\nmodule(load="imtcp")\ninput(type="imudp" port="1514")\ninput(type="imtcp" port="1514")\n*.* /dev/null\n' >"$work/rsyslog.conf"
serve rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslogd.pid"
wait_udp 1514
tell() { client logger -n "$SERVER4" -P 1514 -t gauge -p local0.info "$@" 'level 1.24'; }
capture syslog-udp udp port 1514
tell -d --rfc5424
tell -d --rfc3164
done_capturing
capture syslog-tcp tcp port 1514
tell -T --rfc5424 --octet-count
done_capturing
