/** From a filter tree to WinDivert's language, in which parentheses cannot be negated: negation is carried to the tests. */
import { SensorError } from '../errors.ts';
import { ipv4Text, ipv6Text } from '../packet/address.ts';
import { type FilterNode, FilterSyntax, parseFilter, type Side } from './bpf-subset.ts';

/** The driver takes fewer than 256 tests; some are left for the interfaces. */
const MOST_TESTS = 200;

/** IP protocols by name. Not the language's own `tcp`, `udp` …: those are not true of later fragments, as in pcap-filter they are. */
const PROTOCOLS = { tcp: 6, udp: 17, icmp: 1, icmp6: 58 } as const;
const PLAIN = { ip: 'ip', ip6: 'ipv6', inbound: 'inbound', outbound: 'outbound' } as const;
const FRAGMENT_HEADER = 44;
/** Where an IPv6 fragment header names what it is a fragment of. */
const IN_FRAGMENT = 'packet[40]';

/** `joint`: how tests are joined, which negation turns round. */
type Joint = 'and' | 'or';

function join(joint: Joint, negated: boolean, parts: string[]): string {
  const word = (joint === 'and') === negated ? 'or' : 'and';
  return parts.length === 1 ? parts[0] : `(${parts.join(` ${word} `)})`;
}

/** A test about a header that is not there fails; negated it must hold, as in pcap-filter, and for that `not` is too weak. */
const test = (text: string, negated: boolean): string => (negated ? `(${text}? false: true)` : text);

const sides = (side: Side): string[] => (side === 'src' ? ['Src'] : side === 'dst' ? ['Dst'] : ['Src', 'Dst']);

/** The first and last address of a network. */
function bounds(address: Uint8Array, prefix: number): [string, string] {
  const text = address.length === 4 ? ipv4Text : ipv6Text;
  const host = (index: number): number => 0xff >> Math.max(0, Math.min(8, prefix - index * 8));
  return [text(address.map((byte, index) => byte & ~host(index))), text(address.map((byte, index) => byte | host(index)))];
}

function networkTest(node: FilterNode & { op: 'network' }, negated: boolean): string {
  const field = node.address.length === 4 ? 'ip' : 'ipv6';
  const [first, last] = bounds(node.address, node.prefix);
  const parts = sides(node.side).map((side) => {
    const name = `${field}.${side}Addr`;
    if (first === last) return test(`${name} == ${first}`, negated);
    return join('and', negated, [test(`${name} >= ${first}`, negated), test(`${name} <= ${last}`, negated)]);
  });
  return join('or', negated, parts);
}

function portTest(node: FilterNode & { op: 'port' }, negated: boolean): string {
  const protocols = node.protocol === 'either' ? ['tcp', 'udp'] : [node.protocol];
  const parts = protocols.flatMap((protocol) =>
    sides(node.side).map((side) => {
      const name = `${protocol}.${side}Port`;
      if (node.low === node.high) return test(`${name} == ${node.low}`, negated);
      return join('and', negated, [test(`${name} >= ${node.low}`, negated), test(`${name} <= ${node.high}`, negated)]);
    }),
  );
  return join('or', negated, parts);
}

function protocolTest(family: 'ip' | 'ip6' | 'either', number: number, negated: boolean): string {
  const parts: string[] = [];
  if (family !== 'ip6') parts.push(test(`ip.Protocol == ${number}`, negated));
  if (family !== 'ip') {
    const fragment = [test(`ipv6.NextHdr == ${FRAGMENT_HEADER}`, negated), test(`${IN_FRAGMENT} == ${number}`, negated)];
    parts.push(test(`ipv6.NextHdr == ${number}`, negated), join('and', negated, fragment));
  }
  return join('or', negated, parts);
}

function write(node: FilterNode, negated: boolean): string {
  switch (node.op) {
    case 'not':
      return write(node.of, !negated);
    case 'and':
    case 'or':
      return join(node.op, negated, [write(node.left, negated), write(node.right, negated)]);
    case 'protocol':
      if (node.name in PLAIN) return negated ? `not ${PLAIN[node.name as keyof typeof PLAIN]}` : PLAIN[node.name as keyof typeof PLAIN];
      return protocolTest(
        node.name === 'icmp' ? 'ip' : node.name === 'icmp6' ? 'ip6' : 'either',
        PROTOCOLS[node.name as keyof typeof PROTOCOLS],
        negated,
      );
    case 'number':
      return protocolTest(node.family, node.number, negated);
    case 'port':
      return portTest(node, negated);
    case 'network':
      return networkTest(node, negated);
  }
}

/**
 * The pcap-filter expression in WinDivert's language.
 * @throws SensorError FILTER, with the place, when it uses more than the part that both have
 */
export function toDivertFilter(expression: string): string {
  let text: string;
  try {
    text = write(parseFilter(expression), false);
  } catch (error) {
    if (!(error instanceof FilterSyntax)) throw error;
    throw new SensorError('FILTER', `cannot filter by '${expression}' here: ${error.message}, at character ${error.at + 1}`, {
      hint: 'README.md says which part of pcap-filter works everywhere; --windivert-filter takes WinDivert’s own language',
      detail: { expression, at: error.at },
    });
  }
  const tests = text.split(/ (?:and|or) /).length;
  if (tests <= MOST_TESTS) return text;
  throw new SensorError('FILTER', `the filter becomes ${tests} tests; WinDivert takes at most ${MOST_TESTS}`, {
    hint: 'use networks and port ranges',
  });
}

/** What the driver is asked for: the named interfaces, no loopback unless it is wanted, and the filter. */
export function divertFilter(parts: { own: string; expression: string; interfaces: readonly number[]; loopback: boolean }): string {
  const terms: string[] = [];
  if (parts.interfaces.length > 0) terms.push(`(${parts.interfaces.map((index) => `ifIdx == ${index}`).join(' or ')})`);
  if (!parts.loopback) terms.push('not loopback');
  if (parts.expression !== '') terms.push(toDivertFilter(parts.expression));
  if (parts.own !== '') terms.push(`(${parts.own})`);
  return terms.length === 0 ? 'true' : terms.join(' and ');
}
