/**
 * Names come from the network. React keeps them text; this keeps them honest: characters that draw nothing or turn the
 * writing direction are shown as their code, so that two names that look the same are the same.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;
/** What a table or a drawer shows of one value; the rest is in the downloads. */
const MOST_CHARACTERS = 2000;

export function visibleText(text: string): string {
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return cut.replace(unseen, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

const abbreviations =
  /\b(?:acks?|arp|bgp|dga|dhcp|dns|ftp|http|https|icmp|icmpv6|id|ip|ips|lldp|mac|mdns|ndp|os|quic|rtt|smb|sni|ssh|syn|tcp|tls|ttl|udp|url|vlan)\b/g;

/** A field name of the API as a label: `first_seen` → `First seen`, `dns_tunnel` → `DNS tunnel`. */
export function fieldLabel(name: string): string {
  const words = visibleText(name)
    .replaceAll('_', ' ')
    .replace(abbreviations, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Any value of a record, on one line. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'string') return visibleText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(valueText).join(', ');
  return visibleText(JSON.stringify(value));
}
