# needs: openssh-server=sshd openssh-client=ssh
# shellcheck shell=bash disable=SC2154
for key in host user; do ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/$key"; done
cat >"$work/sshd_config" <<CONF
Port 2022
HostKey $work/host
AuthorizedKeysFile $work/user.pub
StrictModes no
UsePAM no
PidFile none
PrintMotd no
CONF
chmod 644 "$work/user.pub"
serve /usr/sbin/sshd -D -e -f "$work/sshd_config"
wait_tcp 2022
capture ssh tcp port 2022
client ssh -F none -i "$work/user" -p 2022 -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
  -o LogLevel=ERROR "$USER_NAME@$SERVER4" 'echo level 1.24' >/dev/null
done_capturing
