/** Ends of conversations in the text of findings: an address, with a port or without. */
import { addressText } from './address-text.ts';
import { addressOf } from './networks.ts';

/** `10.0.0.1:80`, `[2001:db8::1]:80`. */
export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

const WITH_PORT = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:]+)):(?<port>\d{1,5})$/;

/** The address and port of what `endpointText` wrote, or of an address alone; null for everything else: names, MACs. */
export function endpointOf(text: string): { address: string; port: number | null } | null {
  const { bracketed, plain, port } = WITH_PORT.exec(text)?.groups ?? {};
  const address = bracketed ?? plain ?? text;
  const bytes = addressOf(address);
  if (bytes === null || Number(port ?? 0) > 65_535) return null;
  return { address: addressText(bytes), port: port === undefined ? null : Number(port) };
}
