/** The networks that several live tests share. */
import { Network } from './namespaces.ts';

export const CLIENT = { ipv4: '10.77.0.2', ipv6: 'fd77::2' };
export const SERVER = { ipv4: '10.77.0.3', ipv6: 'fd77::3' };

/**
 *   client c0 ── cport ┐        ┌ sport ── s0 server
 *                      ├ bridge ┤                      namespace "switch" mirrors what enters both ports
 *                      └─ mport ┘
 *                           └── m0 monitor             no address, never sends
 */
export async function mirroredNetwork(): Promise<Network> {
  const network = await Network.create(['client', 'server', 'switch', 'monitor'], ['client', 'server']);
  await network.join({ space: 'switch', device: 'cport' }, { space: 'client', device: 'c0' });
  await network.join({ space: 'switch', device: 'sport' }, { space: 'server', device: 's0' });
  await network.join({ space: 'switch', device: 'mport' }, { space: 'monitor', device: 'm0' });
  await network.ip('switch', 'link', 'add', 'name', 'br0', 'type', 'bridge', 'mcast_snooping', '0');
  await network.ip('switch', 'link', 'set', 'br0', 'up');
  for (const port of ['cport', 'sport']) {
    await network.ip('switch', 'link', 'set', port, 'master', 'br0');
    await network.mirror('switch', port, 'mport');
  }
  for (const [space, device, at] of [['client', 'c0', CLIENT] as const, ['server', 's0', SERVER] as const]) {
    await network.address(space, device, `${at.ipv4}/24`);
    await network.address(space, device, `${at.ipv6}/64`);
  }
  return network;
}

export const SENDER_ADDRESS = '10.88.0.1';
export const SENSOR_ADDRESS = '10.88.0.2';
/** An address that nobody has; frames to it go to the sensor's link and are never answered. */
export const NOBODY = '10.88.0.9';

/** A sender and a sensor joined by `links` silent veth pairs (tx0–rx0, tx1–rx1 …) without IPv6; nothing is ever answered. */
export async function silentLinks(links = 1, mtu = 1500): Promise<Network> {
  const network = await Network.create(['sender', 'sensor']);
  for (let index = 0; index < links; index++) {
    await network.join({ space: 'sender', device: `tx${index}` }, { space: 'sensor', device: `rx${index}` }, mtu);
    await network.address('sender', `tx${index}`, `10.${88 + index}.0.1/24`);
    await network.address('sensor', `rx${index}`, `10.${88 + index}.0.2/24`);
    await network.silentNeighbour('sender', `tx${index}`, `10.${88 + index}.0.9`);
  }
  return network;
}
