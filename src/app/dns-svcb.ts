/** Service binding records, RFC 9460: priority, target, parameters. */
import { ipv4Text, ipv6Text } from './address-text.ts';
import type { Cursor } from './cursor.ts';
import { labelText } from './dns-names.ts';
import { hexOf } from './text.ts';

/** Parameters of one record and items of one list that are kept, bytes of an opaque value. */
const PARAMETER_LIMIT = 32;
const LIST_LIMIT = 16;
const VALUE_LIMIT = 256;

const keys = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint', 'dohpath', 'ohttp'];

export function keyName(key: number): string {
  return keys[key] ?? `key${key}`;
}

function list(cursor: Cursor, read: (cursor: Cursor) => string): string {
  const items: string[] = [];
  while (cursor.left > 0 && !cursor.overrun && items.length < LIST_LIMIT) items.push(read(cursor));
  return items.join(',');
}

/** Null when the value does not fit its key. */
function valueText(key: number, value: Cursor): string | null {
  switch (key) {
    case 0:
      return list(value, (cursor) => keyName(cursor.u16()));
    case 1:
      return list(value, (cursor) => labelText(cursor.take(cursor.u8())));
    case 2:
      return '';
    case 3:
      return value.left === 2 ? String(value.u16()) : null;
    case 4:
      return value.left % 4 === 0 ? list(value, (cursor) => ipv4Text(cursor.take(4))) : null;
    case 6:
      return value.left % 16 === 0 ? list(value, (cursor) => ipv6Text(cursor.take(16))) : null;
    case 7:
      return labelText(value.take(Math.min(value.left, VALUE_LIMIT)));
    default:
      return hexOf(value.take(value.left), VALUE_LIMIT);
  }
}

/** The cursor stands behind the target name. Null when the parameters are malformed. */
export function parametersText(cursor: Cursor): string | null {
  let out = '';
  for (let count = 0; count < PARAMETER_LIMIT && cursor.left > 0; count++) {
    const key = cursor.u16();
    const value = cursor.part(cursor.u16());
    if (cursor.overrun) return null;
    const text = valueText(key, value);
    if (text === null || value.overrun) return null;
    out += text === '' ? ` ${keyName(key)}` : ` ${keyName(key)}=${text}`;
  }
  cursor.at = cursor.end;
  return out;
}
