/** IP and link addresses in payloads as text. */

export function ipv4Text(bytes: Uint8Array, at = 0): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** RFC 5952: lower case, the first longest run of two or more zero groups shortened; IPv4-mapped addresses end dotted. */
export function ipv6Text(bytes: Uint8Array, at = 0): string {
  const group = (index: number) => (bytes[at + 2 * index] << 8) | bytes[at + 2 * index + 1];
  let best = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && group(start + length) === 0) length++;
    if (length > bestLength) {
      best = start;
      bestLength = length;
    }
    start += length;
  }
  if (best === 0 && bestLength === 5 && group(5) === 0xffff) return `::ffff:${ipv4Text(bytes, at + 12)}`;
  let text = '';
  for (let index = 0; index < 8; index++) {
    if (index === best) {
      text += '::';
      index += bestLength - 1;
      continue;
    }
    if (text !== '' && !text.endsWith(':')) text += ':';
    text += group(index).toString(16);
  }
  return text;
}

/** `aa:bb:cc:dd:ee:ff` of `length` bytes. */
export function macText(bytes: Uint8Array, at = 0, length = 6): string {
  let text = '';
  for (let i = 0; i < length; i++) text += `${i === 0 ? '' : ':'}${bytes[at + i].toString(16).padStart(2, '0')}`;
  return text;
}

/** Text of an address of 4 or 16 bytes, null for other lengths. */
export function ipText(bytes: Uint8Array): string | null {
  if (bytes.length === 4) return ipv4Text(bytes);
  return bytes.length === 16 ? ipv6Text(bytes) : null;
}
