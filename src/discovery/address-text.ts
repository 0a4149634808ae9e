/** What a textual address may stand for. */

/** False for groups, broadcast, loopback and the unspecified address: those belong to no device. */
export function isOwnable(ip: string): boolean {
  if (ip.includes(':')) return ip !== '::' && ip !== '::1' && !/^ff[0-9a-f]{2}:/.test(ip);
  const first = Number.parseInt(ip, 10);
  return first > 0 && first !== 127 && first < 224;
}

/** Addresses that mean something on their own link only, so that several devices may have the same one. */
export function isLinkLocal(ip: string): boolean {
  return /^fe[89ab][0-9a-f]:/.test(ip) || ip.startsWith('169.254.');
}

/** The address, or for IPv6 its first 64 bits: a host changes the others as it likes (RFC 8981). */
export function placeKey(ip: string): string {
  if (!ip.includes(':')) return ip;
  const [head] = ip.split('::');
  return head.split(':').slice(0, 4).join(':');
}
