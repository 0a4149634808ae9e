# needs: vsftpd=vsftpd curl=curl
# A login in clear with a passive and an active transfer, and AUTH TLS.
# shellcheck shell=bash disable=SC2154
certificate ftp
cat >"$work/vsftpd.conf" <<CONF
listen=YES
listen_port=3021
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=NO
ftp_data_port=3020
connect_from_port_20=YES
pasv_min_port=41000
pasv_max_port=41009
seccomp_sandbox=NO
secure_chroot_dir=/run/sshd
pam_service_name=other
ssl_enable=YES
force_local_logins_ssl=NO
force_local_data_ssl=NO
require_ssl_reuse=NO
rsa_cert_file=$work/ftp.crt
rsa_private_key_file=$work/ftp.key
CONF
# Behind a shell: as the first process of its namespace it would inherit children that it does not know, and crash.
serve sh -c "vsftpd $work/vsftpd.conf; exit"
wait_tcp 3021
transfer() {
  capture "$1" tcp
  client curl -sS -k -o /dev/null -u "$USER_NAME:$PASSWORD" "${@:2}" ftp://server.example:3021/readme.txt
  done_capturing
}
transfer ftp-passive
transfer ftp-active -P - --disable-eprt
transfer ftp-tls --ssl-reqd
