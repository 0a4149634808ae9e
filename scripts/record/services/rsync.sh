# needs: rsync=rsync
# shellcheck shell=bash disable=SC2154
mkdir "$work/share" "$work/got"
echo 'level 1.24' >"$work/share/level.txt"
printf 'use chroot = no\nuid = root\ngid = root\npid file = %s\n[levels]\n  path = %s\n' "$work/rsyncd.pid" "$work/share" >"$work/rsyncd.conf"
serve rsync --daemon --no-detach --port=1873 --config="$work/rsyncd.conf"
wait_tcp 1873
capture rsync tcp port 1873
client rsync -r "rsync://$SERVER4:1873/levels/" "$work/got/"
done_capturing
