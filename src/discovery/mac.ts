/** Link addresses in their usual spelling: lower case, colons. */

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const NOBODY = '00:00:00:00:00:00';

/** True for the address of one station: neither a group's, nor broadcast, nor all zeros. */
export function isStation(mac: string): boolean {
  return MAC.test(mac) && mac !== NOBODY && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0;
}

/** Locally administered (IEEE 802 section 8.4): nobody's vendor prefix, often random. */
export function isLocallyAdministered(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 2) !== 0;
}

/** Virtual routers: VRRP (RFC 9568 section 7.3), HSRP versions 1 and 2. */
export function isVirtualRouter(mac: string): boolean {
  return mac.startsWith('00:00:5e:00:01:') || mac.startsWith('00:00:5e:00:02:') || /^00:00:0c:(?:07:ac|9f:f)/.test(mac);
}
