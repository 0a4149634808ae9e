/**
 * The part of the pcap-filter language that means the same wherever packets are captured, as a tree.
 *
 *   expression   or, and, not, ( ), also || && !
 *   primitive    ip  ip6  tcp  udp  icmp  icmp6  inbound  outbound
 *                [ip | ip6] proto NUMBER
 *                [tcp | udp] [src | dst] port NUMBER          [tcp | udp] [src | dst] portrange A-B
 *                [src | dst] [host] ADDRESS                   [src | dst] net NETWORK/BITS
 *
 * As in pcap-filter, a value alone repeats the qualifiers before it: `port 80 or 443`.
 */
import { addressBytes } from '../flow/address-bytes.ts';

export type Side = 'src' | 'dst' | 'either';

export type FilterNode =
  | { op: 'and' | 'or'; left: FilterNode; right: FilterNode }
  | { op: 'not'; of: FilterNode }
  | { op: 'protocol'; name: 'ip' | 'ip6' | 'tcp' | 'udp' | 'icmp' | 'icmp6' | 'inbound' | 'outbound' }
  | { op: 'number'; family: 'ip' | 'ip6' | 'either'; number: number }
  | { op: 'port'; protocol: 'tcp' | 'udp' | 'either'; side: Side; low: number; high: number }
  | { op: 'network'; side: Side; address: Uint8Array; prefix: number };

/** What is wrong, and the character where. */
export class FilterSyntax extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

interface Token {
  text: string;
  at: number;
}

type Qualifiers = { protocol: 'tcp' | 'udp' | 'either'; side: Side; kind: 'port' | 'portrange' | 'host' | 'net' };

const PLAIN = new Set(['ip', 'ip6', 'tcp', 'udp', 'icmp', 'icmp6', 'inbound', 'outbound']);
const LINK_LAYER = new Set(['ether', 'vlan', 'arp', 'rarp', 'mpls', 'pppoes', 'pppoed', 'broadcast', 'multicast', 'wlan', 'link']);
const MOST_DEPTH = 64;

function tokensOf(text: string): Token[] {
  return [...text.matchAll(/\|\||&&|[()!]|[^\s()!&|]+|[&|]/g)].map((match) => ({ text: match[0], at: match.index }));
}

class Parser {
  readonly #tokens: Token[];
  readonly #end: number;
  #next = 0;
  #depth = 0;
  #last: Qualifiers | null = null;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
    this.#end = text.length;
  }

  parse(): FilterNode {
    const node = this.#or();
    if (this.#peek() !== '') this.#fail(`unexpected '${this.#peek()}'`);
    return node;
  }

  #peek(): string {
    return this.#tokens[this.#next]?.text ?? '';
  }

  #take(): string {
    return this.#tokens[this.#next++]?.text ?? '';
  }

  #took(...texts: string[]): boolean {
    if (!texts.includes(this.#peek())) return false;
    this.#next++;
    return true;
  }

  #fail(message: string): never {
    throw new FilterSyntax(message, this.#tokens[this.#next]?.at ?? this.#end);
  }

  #or(): FilterNode {
    if (++this.#depth > MOST_DEPTH) this.#fail('nested too deeply');
    let left = this.#and();
    while (this.#took('or', '||')) left = { op: 'or', left, right: this.#and() };
    this.#depth--;
    return left;
  }

  #and(): FilterNode {
    let left = this.#not();
    while (this.#took('and', '&&')) left = { op: 'and', left, right: this.#not() };
    return left;
  }

  #not(): FilterNode {
    let negated = false;
    while (this.#took('not', '!')) negated = !negated;
    const of = this.#factor();
    return negated ? { op: 'not', of } : of;
  }

  #factor(): FilterNode {
    if (!this.#took('(')) return this.#primitive();
    const inner = this.#or();
    if (!this.#took(')')) this.#fail("a ')' is missing");
    return inner;
  }

  #primitive(): FilterNode {
    const word = this.#peek();
    if (word === '') this.#fail('the expression ends early');
    if (LINK_LAYER.has(word)) this.#fail(`'${word}' is about the link layer, which is not captured here`);
    let protocol: Qualifiers['protocol'] = 'either';
    if (PLAIN.has(word)) {
      this.#next++;
      if ((word === 'ip' || word === 'ip6') && this.#took('proto')) return { op: 'number', family: word, number: this.#number(255) };
      if (word === 'ip' || word === 'ip6') return { op: 'protocol', name: word };
      const qualified = ['src', 'dst', 'port', 'portrange'].includes(this.#peek());
      if (!qualified || (word !== 'tcp' && word !== 'udp')) return { op: 'protocol', name: word as 'tcp' };
      protocol = word;
    } else if (this.#took('proto')) return { op: 'number', family: 'either', number: this.#number(255) };
    return this.#qualified(protocol);
  }

  #qualified(protocol: Qualifiers['protocol']): FilterNode {
    const side: Side = this.#took('src') ? 'src' : this.#took('dst') ? 'dst' : 'either';
    for (const kind of ['port', 'portrange', 'host', 'net'] as const) {
      if (this.#took(kind)) return this.#value({ protocol, side, kind });
    }
    const isValue = addressBytes(this.#peek().split('/')[0]) !== null;
    if (isValue && (side !== 'either' || this.#last === null || this.#last.kind.startsWith('port'))) {
      return this.#value({ protocol, side, kind: this.#peek().includes('/') ? 'net' : 'host' });
    }
    if (this.#last !== null && side === 'either' && protocol === 'either' && (isValue || /^\d/.test(this.#peek())))
      return this.#value(this.#last);
    return this.#fail(`'${this.#peek()}' is not in the part of the filter language that is known here`);
  }

  #value(qualifiers: Qualifiers): FilterNode {
    const { protocol, side, kind } = qualifiers;
    this.#last = qualifiers;
    if (kind === 'port') {
      const port = this.#number(65_535);
      return { op: 'port', protocol, side, low: port, high: port };
    }
    if (kind === 'portrange') {
      const match = /^(\d{1,5})-(\d{1,5})$/.exec(this.#peek());
      const [low, high] = [Number(match?.[1]), Number(match?.[2])];
      if (match === null || low > high || high > 65_535) this.#fail('a port range looks like 6000-6063');
      this.#next++;
      return { op: 'port', protocol, side, low, high };
    }
    return this.#network(side, kind);
  }

  #network(side: Side, kind: 'host' | 'net'): FilterNode {
    const [ip, bits] = this.#peek().split('/');
    const address = addressBytes(ip);
    if (address === null) this.#fail(`'${this.#peek()}' is not an address; names are not resolved`);
    const most = address.length * 8;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (prefix < 0 || prefix > most || (kind === 'host' && bits !== undefined))
      this.#fail(`'${this.#peek()}' is not ${kind === 'host' ? 'an address' : 'a network'}`);
    if (kind === 'net' && bits === undefined) this.#fail('a network looks like 10.0.0.0/8');
    this.#next++;
    return { op: 'network', side, address, prefix };
  }

  #number(most: number): number {
    if (!/^\d{1,5}$/.test(this.#peek()) || Number(this.#peek()) > most)
      this.#fail(`a number up to ${most} belongs here; names are not resolved`);
    return Number(this.#take());
  }
}

/** @throws FilterSyntax */
export function parseFilter(text: string): FilterNode {
  return new Parser(text).parse();
}
