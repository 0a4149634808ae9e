/** A switch with any number of hosts, and a monitor that gets a copy of every frame that a host sends. */
import { Network } from './namespaces.ts';

export interface SwitchedNetwork {
  network: Network;
  /** Namespace and interface that a sensor listens on. */
  monitor: { space: string; device: string };
}

/** Name of the interface that each host has. */
export const HOST_DEVICE = 'e0';

/**
 * `hosts` are names of namespaces and their addresses in one network. Each gets a default route through `gateway`, one of
 * these addresses; the gateway itself forwards nothing, so that what leaves the network is never answered.
 */
export async function switchedNetwork(hosts: Readonly<Record<string, string>>, gateway: string): Promise<SwitchedNetwork> {
  const names = Object.keys(hosts);
  const network = await Network.create([...names, 'switch', 'monitor']);
  await network.ip('switch', 'link', 'add', 'name', 'br0', 'type', 'bridge', 'mcast_snooping', '0');
  await network.ip('switch', 'link', 'set', 'br0', 'up');
  await network.join({ space: 'switch', device: 'copy' }, { space: 'monitor', device: 'm0' });
  for (const [index, name] of names.entries()) {
    const port = `p${index}`;
    await network.join({ space: 'switch', device: port }, { space: name, device: HOST_DEVICE });
    await network.ip('switch', 'link', 'set', port, 'master', 'br0');
    await network.mirror('switch', port, 'copy');
    await network.address(name, HOST_DEVICE, `${hosts[name]}/24`);
    if (hosts[name] === gateway) await network.mustRun(name, 'sysctl', ['-qw', 'net.ipv4.ip_forward=0']);
    else await network.ip(name, 'route', 'add', 'default', 'via', gateway);
  }
  return { network, monitor: { space: 'monitor', device: 'm0' } };
}
