/** Addresses as text. */

function hex2(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Lower-case hexadecimal without separators. */
export function hexText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += hex2(byte);
  return text;
}

/** `aa:bb:cc:dd:ee:ff`; works for link addresses of any length. */
export function macText(bytes: Uint8Array): string {
  return Array.from(bytes, hex2).join(':');
}

export function ipv4Text(bytes: Uint8Array): string {
  return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
}

/** RFC 5952: lower case, the first longest run of two or more zero groups shortened; IPv4-mapped addresses end dotted. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return `::ffff:${ipv4Text(bytes.subarray(12, 16))}`;
  let best = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > bestLength) {
      best = start;
      bestLength = length;
    }
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (best < 0) return text(groups);
  return `${text(groups.slice(0, best))}::${text(groups.slice(best + bestLength))}`;
}
