/** Are the interfaces there, and up? */
import { nearest } from '../../config/nearest.ts';
import type { InterfaceFacts } from '../../native/engine.ts';
import { advice, type Finding, missing, ok } from './finding.ts';

function checkNamed(name: string, interfaces: readonly InterfaceFacts[]): Finding {
  const found = interfaces.find((nic) => nic.name === name);
  if (found === undefined) {
    const names = interfaces.map((nic) => nic.name);
    const near = nearest(name, names, 3);
    return missing(
      'interface',
      `there is no ${name}`,
      near.length > 0 ? `did you mean ${near.join(', ')}?` : `there are: ${names.join(', ')}`,
    );
  }
  return found.up ? ok('interface', `${name} is up`) : advice('interface', `${name} is down`, `sudo ip link set ${name} up`);
}

/** With no names: whether there is one that a capture would choose by itself. */
export function checkInterfaces(names: readonly string[], interfaces: readonly InterfaceFacts[]): Finding[] {
  if (names.length > 0) return names.map((name) => checkNamed(name, interfaces));
  const chosen = interfaces.find((nic) => nic.up && !nic.loopback && !nic.pointToPoint && nic.addresses.length > 0);
  if (chosen !== undefined)
    return [ok('interface', process.platform === 'win32' ? 'all are captured from' : `${chosen.name} would be captured from`)];
  return [advice('interface', 'none is up and has an address, so a capture needs --interface', 'weir interfaces')];
}
