/** Addresses from text, for the few that arrive as text (tunnel endpoints); the texts that `packet/address.ts` writes. */

function ipv4Bytes(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  const bytes = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  return bytes.every((byte) => byte < 256) ? bytes : null;
}

/** One side of `::`, or a whole address without it, as bytes. Only the end of an address may be dotted. */
function groupBytes(text: string, atEnd: boolean): number[] | null {
  if (text === '') return [];
  const groups = text.split(':');
  const out: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (group.includes('.')) {
      const tail = atEnd && index === groups.length - 1 ? ipv4Bytes(group) : null;
      if (tail === null) return null;
      out.push(...tail);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return null;
      const value = Number.parseInt(group, 16);
      out.push(value >> 8, value & 0xff);
    }
  }
  return out;
}

/** 4 or 16 bytes in network order, or null when the text is no address. A zone (`%eth0`) is ignored. */
export function addressBytes(text: string): Uint8Array | null {
  if (!text.includes(':')) {
    const bytes = ipv4Bytes(text);
    return bytes === null ? null : Uint8Array.from(bytes);
  }
  const halves = text.replace(/%.*$/, '').split('::');
  if (halves.length > 2) return null;
  const head = groupBytes(halves[0], halves.length === 1);
  const tail = halves.length === 2 ? groupBytes(halves[1], true) : [];
  if (head === null || tail === null) return null;
  const gap = 16 - head.length - tail.length;
  if (halves.length === 1 ? gap !== 0 : gap < 2) return null;
  return Uint8Array.from([...head, ...new Array<number>(gap).fill(0), ...tail]);
}

/** A network: its first address, bits beyond the prefix cleared. */
export interface AddressPrefix {
  /** 4 or 16, in network order. */
  bytes: Uint8Array;
  /** In bits; all of them for an address alone. */
  prefix: number;
}

/** `10.0.0.0/8`, `2001:db8::/32`, or an address alone; null when the text is neither. */
export function addressPrefix(text: string): AddressPrefix | null {
  const slash = text.indexOf('/');
  const bytes = addressBytes(slash < 0 ? text : text.slice(0, slash));
  if (bytes === null) return null;
  const width = bytes.length * 8;
  const length = slash < 0 ? String(width) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > width) return null;
  const prefix = Number(length);
  return { bytes: bytes.map((byte, index) => byte & (0xff00 >> Math.max(0, Math.min(8, prefix - index * 8)))), prefix };
}
