# needs: samba=smbd smbclient=smbclient
# SMB 3.1.1 encrypted by nothing but signing, SMB 2.1, and SMB 1 as old clients speak it.
# shellcheck shell=bash disable=SC2154
mkdir -p "$work/share" "$work/samba" "$work/samba/ncalrpc"
echo 'level 1.24' >"$work/share/level.txt"
cat >"$work/smb.conf" <<CONF
[global]
  workgroup = WEIR
  netbios name = GAUGES
  smb ports = 1445
  server min protocol = NT1
  disable netbios = yes
  server role = standalone
  private dir = $work/samba
  lock directory = $work/samba
  state directory = $work/samba
  cache directory = $work/samba
  pid directory = $work/samba
  ncalrpc dir = $work/samba/ncalrpc
  passdb backend = smbpasswd:$work/samba/smbpasswd
  load printers = no
  log level = 1
  logging = file
  log file = $work/smbd.log
[levels]
  path = $work/share
  read only = yes
CONF
printf '%s\n%s\n' "$PASSWORD" "$PASSWORD" >"$work/answers"
prepare sh -c "smbpasswd -c $work/smb.conf -s -a $USER_NAME <$work/answers"
serve smbd --foreground --no-process-group --debug-stdout -s "$work/smb.conf"
wait_tcp 1445
# smbclient insists on a configuration; this one says nothing.
printf '[global]\n  workgroup = WEIR\n  netbios name = READER\n  client min protocol = NT1\n  lock directory = %s\n' "$work/samba" >"$work/client.conf"
read_level() {
  client smbclient -s "$work/client.conf" "$@" -p 1445 -U "$USER_NAME%$PASSWORD" //server.example/levels -c "ls; get level.txt $work/level.txt" >/dev/null
}
capture smb3 tcp port 1445
read_level -m SMB3
done_capturing
capture smb2 tcp port 1445
read_level -m SMB2_10
done_capturing
capture smb1 tcp port 1445
read_level -m NT1
done_capturing
