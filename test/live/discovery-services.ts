/** Real programs that make themselves known on a link, each inside its namespace with a configuration and a /run of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Started } from '../support/command.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import type { Network } from './namespaces.ts';
import { HOST_DEVICE } from './switched-network.ts';

export const DISCOVERY_COMMANDS = ['dnsmasq', 'udhcpc', 'avahi-daemon', 'lldpd', 'nmbd', 'minidlnad', 'tcpdump', 'unshare', 'ping'];

interface Place {
  network: Network;
  folder: TemporaryFolder;
}

/** In a /run and under a host name of its own: nothing of the machine's is used or changed. */
function alone({ network }: Place, space: string, host: string, script: string): Started {
  const before = `mount -t tmpfs none /run && hostname ${host}`;
  return network.start(space, 'unshare', ['--uts', 'sh', '-c', `${before} && ${script}`]);
}

/** A DHCP server that gives `first` to `last` and names itself as router. */
export function startDhcpServer({ network, folder }: Place, space: string, address: string, first: string, last: string): Started {
  const alone = ['--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--pid-file=', '--user=root', '--port=0', '--no-ping'];
  const lease = [`--dhcp-range=${first},${last},1h`, `--dhcp-option=3,${address}`, `--dhcp-leasefile=${folder.file('leases')}`];
  return network.start(space, 'dnsmasq', [
    '--keep-in-foreground',
    ...alone,
    `--interface=${HOST_DEVICE}`,
    '--dhcp-authoritative',
    ...lease,
  ]);
}

/** Asks for an address, takes it, and ends. */
export async function askForAddress({ network, folder }: Place, space: string, host: string, vendorClass: string): Promise<void> {
  const script = folder.file('lease.sh');
  writeFileSync(script, '#!/bin/sh\n[ "$1" = bound ] && ip address add "$ip/24" dev "$interface"\nexit 0\n', { mode: 0o755 });
  const options = ['-i', HOST_DEVICE, '-f', '-q', '-n', '-t', '8', '-T', '1', '-s', script];
  await network.mustRun(space, 'udhcpc', [...options, '-x', `hostname:${host}`, '-V', vendorClass]);
}

/** Multicast DNS with one service. */
export function startAvahi(place: Place, space: string, host: string, service: { type: string; port: number; text: string }): Started {
  const services = place.folder.file('avahi-services');
  mkdirSync(services);
  const { type, port, text } = service;
  writeFileSync(
    `${services}/one.service`,
    `<?xml version="1.0" standalone="no"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>Player</name><service><type>${type}</type><port>${port}</port><txt-record>${text}</txt-record></service></service-group>\n`,
  );
  const configuration = place.folder.file('avahi.conf');
  writeFileSync(
    configuration,
    `[server]\nhost-name=${host}\nuse-ipv6=no\nallow-interfaces=${HOST_DEVICE}\nenable-dbus=no\n[publish]\npublish-hinfo=yes\n`,
  );
  const run = `avahi-daemon --no-drop-root --no-chroot --no-rlimits --file ${configuration}`;
  return alone(place, space, host, `mount --bind ${services} /etc/avahi/services && exec ${run}`);
}

/** LLDP and CDP as a bridge, on every interface of `space`. */
export function startLldp(place: Place, space: string, host: string): Started {
  // LLDP (l) and CDP version 2 (so many c), whether or not somebody else speaks them.
  return alone(place, space, host, 'mkdir /run/lldpd && exec lldpd -d -l -ccccc -u /run/lldpd.socket');
}

/** NetBIOS names and announcements. */
export function startNetbios(place: Place, space: string, name: string, workgroup: string, comment: string): Started {
  const { folder } = place;
  const kept = folder.file('samba');
  mkdirSync(kept);
  const configuration = folder.file('smb.conf');
  const folders = ['lock', 'pid', 'private', 'state', 'cache', 'ncalrpc'].map((kind) =>
    kind === 'ncalrpc' ? `ncalrpc dir = ${kept}/ncalrpc` : `${kind}${kind === 'private' ? ' dir' : ' directory'} = ${kept}`,
  );
  writeFileSync(
    configuration,
    `[global]\nnetbios name = ${name}\nworkgroup = ${workgroup}\nserver string = ${comment}\ninterfaces = ${HOST_DEVICE}
bind interfaces only = yes\nlocal master = no\n${folders.join('\n')}\nlog file = ${kept}/log\n`,
  );
  return alone(place, space, name.toLowerCase(), `mkdir /run/samba && exec nmbd -F --no-process-group -s ${configuration}`);
}

/** A media server that announces itself by SSDP. */
export function startMedia(place: Place, space: string, name: string): Started {
  const kept = place.folder.file('minidlna');
  mkdirSync(kept);
  const configuration = place.folder.file('minidlna.conf');
  writeFileSync(
    configuration,
    `network_interface=${HOST_DEVICE}\nport=8200\nmedia_dir=${kept}\ndb_dir=${kept}\nlog_dir=${kept}\nfriendly_name=${name}
notify_interval=5\ninotify=no\n`,
  );
  return alone(place, space, name, `exec minidlnad -S -f ${configuration} -P /run/minidlna.pid`);
}
