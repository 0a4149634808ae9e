# needs: exim4-daemon-light=exim4 curl=curl
# SMTP: a message with a login in clear, and one after STARTTLS.
# shellcheck shell=bash disable=SC2154
certificate mail mail.example
mkdir "$work/spool"
chown Debian-exim: "$work/spool"
cat >"$work/exim.conf" <<CONF
primary_hostname = mail.example
spool_directory = $work/spool
log_file_path = $work/spool/%slog
pid_file_path = $work/spool/pid
daemon_smtp_ports = 2626
host_lookup =
rfc1413_hosts =
queue_only = true
tls_advertise_hosts = *
tls_certificate = $work/mail.crt
tls_privatekey = $work/mail.key
acl_smtp_rcpt = accept
acl_smtp_data = accept
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = yes
  server_advertise_condition = yes
CONF
serve exim4 -C "$work/exim.conf" -bdf
wait_tcp 2626
printf 'From: %s@client.example\nTo: keeper@mail.example\nSubject: level\n\nlevel 1.24\n' "$USER_NAME" >"$work/message"
send() {
  client curl -sS -k --mail-from "$USER_NAME@client.example" --mail-rcpt keeper@mail.example -T "$work/message" "$@" \
    smtp://mail.example:2626/client.example
}
capture smtp tcp port 2626
send -u "$USER_NAME:$PASSWORD"
done_capturing
capture smtp-starttls tcp port 2626
send --ssl-reqd
done_capturing
