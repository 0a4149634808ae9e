# needs: dovecot-imapd=/usr/lib/dovecot/imap dovecot-pop3d=/usr/lib/dovecot/pop3 curl=curl
# IMAP and POP3: logins in clear, STARTTLS and STLS, and IMAP with TLS from the first byte.
# shellcheck shell=bash disable=SC2154
certificate mail mail.example
mkdir -p "$work/home/mail/"{cur,new,tmp}
printf 'From: keeper@mail.example\r\nTo: %s@mail.example\r\nSubject: level\r\n\r\nlevel 1.24\r\n' "$USER_NAME" >"$work/home/mail/new/1.level"
chown -R 4242:4242 "$work/home"
cat >"$work/dovecot.conf" <<CONF
base_dir = $work/dovecot
log_path = /dev/stderr
protocols = imap pop3
listen = *
ssl = yes
ssl_cert = <$work/mail.crt
ssl_key = <$work/mail.key
disable_plaintext_auth = no
mail_location = maildir:~/mail
first_valid_uid = 1000
login_greeting = Dovecot ready.
passdb {
  driver = static
  args = password=$PASSWORD
}
userdb {
  driver = static
  args = uid=4242 gid=4242 home=/home/$USER_NAME
}
service imap-login {
  inet_listener imap {
    port = 2143
  }
  inet_listener imaps {
    port = 2993
  }
}
service pop3-login {
  inet_listener pop3 {
    port = 2110
  }
  inet_listener pop3s {
    port = 0
  }
}
CONF
serve dovecot -F -c "$work/dovecot.conf"
for port in 2143 2993 2110; do wait_tcp "$port"; done
fetch() { client curl -sS -k -o /dev/null -u "$USER_NAME:$PASSWORD" "$@"; }

capture imap tcp port 2143
fetch 'imap://mail.example:2143/INBOX;MAILINDEX=1'
done_capturing
capture imap-starttls tcp port 2143
fetch --ssl-reqd 'imap://mail.example:2143/INBOX;MAILINDEX=1'
done_capturing
capture imaps tcp port 2993
fetch 'imaps://mail.example:2993/INBOX;MAILINDEX=1'
done_capturing
capture pop3 tcp port 2110
fetch pop3://mail.example:2110/1
done_capturing
capture pop3-stls tcp port 2110
fetch --ssl-reqd pop3://mail.example:2110/1
done_capturing
