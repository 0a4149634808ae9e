/**
 * Writes small databases in MaxMind DB format 2.0: a binary tree of 24-bit records, 16 zero bytes, the data section, and
 * the metadata behind their marker.
 */
import { writeFileSync } from 'node:fs';
import { addressBytes } from '../../../src/flow/address-bytes.ts';

export type Value = string | number | { readonly [key: string]: Value };

const UTF8 = 2;
const UINT16 = 5;
const UINT32 = 6;
const MAP = 7;
const UINT64 = 9;
const ARRAY = 11;
const MARKER = Buffer.from('\u00ab\u00cd\u00efMaxMind.com', 'latin1');

/** Control byte; types above 7 have their number in a byte of its own. Sizes below 29 only, and to 284. */
function control(type: number, size: number): number[] {
  const [low, more] = size < 29 ? [size, []] : [29, [size - 29]];
  return type <= 7 ? [(type << 5) | low, ...more] : [low, type - 7, ...more];
}

function encode(value: Value): number[] {
  if (typeof value === 'string') {
    const bytes = [...Buffer.from(value, 'utf8')];
    return [...control(UTF8, bytes.length), ...bytes];
  }
  if (typeof value === 'number') return [...control(UINT32, 4), value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const entries = Object.entries(value);
  return [...control(MAP, entries.length), ...entries.flatMap(([key, inner]) => [...encode(key), ...encode(inner)])];
}

type Node = [left: Node | number | null, right: Node | number | null];

function insert(root: Node, bits: readonly number[], offset: number): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    let next = node[bit];
    if (!Array.isArray(next)) {
      next = [null, null];
      node[bit] = next;
    }
    node = next;
  }
  node[bits.at(-1) ?? 0] = offset;
}

function bitsOf(network: string, ipVersion: 4 | 6): number[] {
  const [address, length] = network.split('/');
  const bytes = addressBytes(address);
  if (bytes === null) throw new Error(`${network} is no network`);
  // In a tree of IPv6, IPv4 addresses stand below ::/96.
  const padded = ipVersion === 6 && bytes.length === 4 ? [...new Array<number>(12).fill(0), ...bytes] : [...bytes];
  const count = Number(length) + (padded.length - bytes.length) * 8;
  return padded.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1)).slice(0, count);
}

function metadata(nodeCount: number, ipVersion: number): number[] {
  const small = (value: number) => [...control(UINT16, 2), value >> 8, value & 255];
  const fields: [string, number[]][] = [
    ['binary_format_major_version', small(2)],
    ['binary_format_minor_version', small(0)],
    ['build_epoch', [...control(UINT64, 4), 0x65, 0, 0, 0]],
    ['database_type', encode('Test')],
    ['description', encode({ en: 'Test' })],
    ['ip_version', small(ipVersion)],
    ['languages', [...control(ARRAY, 1), ...encode('en')]],
    ['node_count', encode(nodeCount)],
    ['record_size', small(24)],
  ];
  return [...control(MAP, fields.length), ...fields.flatMap(([key, value]) => [...encode(key), ...value])];
}

/** `entries`: network in CIDR notation → what is said of it. */
export function writeMmdb(path: string, entries: Readonly<Record<string, Value>>, ipVersion: 4 | 6 = 6): void {
  const root: Node = [null, null];
  const content: number[] = [];
  for (const [network, value] of Object.entries(entries)) {
    insert(root, bitsOf(network, ipVersion), content.length);
    content.push(...encode(value));
  }
  const nodes: Node[] = [];
  const number = (node: Node): void => {
    nodes.push(node);
    for (const child of node) if (Array.isArray(child)) number(child);
  };
  number(root);
  const numbers = new Map(nodes.map((node, index) => [node, index]));
  const pointer = (child: Node | number | null) => {
    if (child === null) return nodes.length;
    return typeof child === 'number' ? nodes.length + 16 + child : (numbers.get(child) ?? 0);
  };
  const tree = nodes.flatMap((node) => node.flatMap((child) => [16, 8, 0].map((shift) => (pointer(child) >> shift) & 255)));
  writeFileSync(
    path,
    Buffer.from([...tree, ...new Array<number>(16).fill(0), ...content, ...MARKER, ...metadata(nodes.length, ipVersion)]),
  );
}
