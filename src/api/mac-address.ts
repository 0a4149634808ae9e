/** MAC addresses as people write them. */

const SPELLINGS = [
  /^[0-9a-f]{12}$/i,
  /^[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}$/i,
  /^[0-9a-f]{1,2}(?:-[0-9a-f]{1,2}){5}$/i,
  /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/i,
];

/** `AA-BB-CC-00-11-22`, `aabb.cc00.1122`, `aa:bb:cc:0:11:22` … as `aa:bb:cc:00:11:22`; null for what is no MAC address. */
export function parseMac(text: string): string | null {
  if (!SPELLINGS.some((spelling) => spelling.test(text))) return null;
  const bytes = /[:-]/.test(text) ? text.split(/[:-]/) : (text.replaceAll('.', '').match(/../g) ?? []);
  return bytes.map((byte) => byte.toLowerCase().padStart(2, '0')).join(':');
}
