/** A switch with any number of hosts, and a monitor that gets a copy of every frame that a host sends. */
import { Network } from './namespaces.ts';

/** The interface of each host. */
export const HOST_DEVICE = 'e0';
/** Namespace and interface on which a sensor sees everything. */
export const MONITOR = { space: 'monitor', device: 'm0' };

/**
 * `hosts` are names of namespaces with their addresses in one /24. All have a default route through `gateway`, one of
 * these names; it forwards nothing, so that what is sent beyond the network is never answered.
 */
export async function switchedNetwork(hosts: Readonly<Record<string, string>>, gateway: string): Promise<Network> {
  const names = Object.keys(hosts);
  const network = await Network.create([...names, 'switch', MONITOR.space]);
  await network.ip('switch', 'link', 'add', 'name', 'br0', 'type', 'bridge', 'mcast_snooping', '0');
  await network.ip('switch', 'link', 'set', 'br0', 'up');
  await network.join({ space: 'switch', device: 'copy' }, MONITOR);
  for (const [index, name] of names.entries()) {
    const port = `p${index}`;
    await network.join({ space: 'switch', device: port }, { space: name, device: HOST_DEVICE });
    await network.ip('switch', 'link', 'set', port, 'master', 'br0');
    await network.mirror('switch', port, 'copy');
    await network.address(name, HOST_DEVICE, `${hosts[name]}/24`);
    if (name === gateway) await network.mustRun(name, 'sysctl', ['-qw', 'net.ipv4.ip_forward=0']);
    else await network.ip(name, 'route', 'add', 'default', 'via', hosts[gateway]);
  }
  return network;
}
