/** The form in which layers are described, and how numbers look in it. */
import type { LayerName, LayerOf } from './layer.ts';
import { protocolName } from './protocol-names.ts';

export type Field = readonly [label: string, value: string];

export interface Description {
  title: string;
  /** Values may hold text from the wire; whoever prints them makes them printable. */
  fields: readonly Field[];
}

/** One describer per layer name, so that the compiler finds a layer that nobody describes. */
export type Describers<Names extends LayerName> = { readonly [Name in Names]: (layer: LayerOf<Name>) => Description };

/** `0x` and at least `digits` hexadecimal digits. */
export function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** Name of an IP protocol as people write it. */
export function protocolLabel(protocol: number): string {
  const name = protocolName(protocol);
  return name === 'icmpv6' ? 'ICMPv6' : name.toUpperCase();
}
