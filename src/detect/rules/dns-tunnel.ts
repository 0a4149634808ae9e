import type { DnsEvent } from '../events.ts';
import { entropyOf, isIdentifier, isReputation } from '../name-shape.ts';
import { RegisteredDomains, subName } from '../registered-domain.ts';
import { defineRule } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { SlidingWeights } from '../state/sliding-weights.ts';

const MOST_DOMAINS = 8192;
/** Sub-names that are remembered of one (client, domain), and of all together. */
const MOST_NAMES = 128;
const MOST_NAMES_HELD = 65_536;
/** Shorter labels carry no data: addresses and service names are put together of them. */
const LEAST_LABEL = 10;

/** Name parts with their lengths and their bits. */
class Domain {
  readonly names: SlidingWeights;

  constructor(windowNs: number) {
    this.names = new SlidingWeights(windowNs, MOST_NAMES);
  }

  get characters(): number {
    return this.names.first;
  }

  /** Characters of a name, on average; 0 without names. */
  get length(): number {
    return this.names.size === 0 ? 0 : this.names.first / this.names.size;
  }

  /** Bits of a character, on average. */
  get entropy(): number {
    return this.names.first === 0 ? 0 : this.names.second / this.names.first;
  }
}

const hasLongLabel = (sub: string) => sub.split('.').some((label) => label.length >= LEAST_LABEL);

export const dnsTunnel = defineRule({
  kind: 'dns_tunnel',
  title: 'Data carried in DNS names',
  description:
    'A client asks for many different long sub-names of one registered domain (public suffix list), or for fewer that carry ' +
    'many characters of high entropy. Reverse and local names, block lists and virus scanners, names with a single digest ' +
    'or UUID that are asked for an address (content networks), and names of short labels only do not count.',
  severity: 'high',
  confidence: 0.8,
  mitre: [
    { technique: 'T1071.004', name: 'Application Layer Protocol: DNS', tactic: 'command-and-control' },
    { technique: 'T1572', name: 'Protocol Tunneling', tactic: 'command-and-control' },
  ],
  enabled: true,
  cooldownSecs: 3600,
  isolated: true,
  settings: {
    names: { value: 50, least: 2, most: MOST_NAMES, unit: 'names', description: 'Different sub-names in the window' },
    length: { value: 30, least: 1, most: 253, unit: 'characters', description: 'Mean length of the part before the registered domain' },
    cargo_characters: {
      value: 2048,
      least: 1,
      most: 32_768,
      unit: 'characters',
      description: 'Second way: characters of all sub-names together',
    },
    cargo_length: { value: 60, least: 1, most: 253, unit: 'characters', description: 'Second way: mean length' },
    cargo_entropy: { value: 3.5, least: 0, most: 8, unit: 'bits', description: 'Second way: mean entropy of a character' },
    window_secs: { value: 60, least: 1, most: 3600, unit: 's', description: 'Sliding window' },
  },
  create(context) {
    const { settings } = context;
    const { window_secs: windowSecs } = settings;
    const windowNs = windowSecs * 1e9;
    const registered = new RegisteredDomains();
    const domains = new BoundedMap<Domain>(MOST_DOMAINS);
    let held = 0;

    /** Forgets the domains that were unused for the longest time, while there are too many or their names are. */
    const makeRoom = (mostDomains: number) => {
      domains.expire(({ names }) => {
        if (domains.size <= mostDomains && held <= MOST_NAMES_HELD) return false;
        held -= names.size;
        return true;
      });
    };
    /** Room is made here, for a full map would drop an entry whose names stay counted. */
    const make = () => {
      makeRoom(MOST_DOMAINS - 1);
      return new Domain(windowNs);
    };

    const report = (event: DnsEvent, name: string, domain: Domain, byNumber: boolean) => {
      const client = context.text(event.client);
      const { names, cargo_characters: cargoCharacters, cargo_length: cargoLength, cargo_entropy: cargoEntropy } = settings;
      context.raise({
        at: event.at,
        firstAt: domain.names.firstAt,
        source: client,
        target: name,
        observed: {
          names: domain.names.size,
          length: Math.round(domain.length * 10) / 10,
          characters: domain.characters,
          entropy: Math.round(domain.entropy * 100) / 100,
          qtype: event.qtype,
          server: context.text(event.server),
        },
        threshold: byNumber
          ? { names, length: settings.length }
          : { characters: cargoCharacters, length: cargoLength, entropy: cargoEntropy },
        windowSecs,
        description: `${client} asked for ${domain.names.size} different names of ${name} within ${windowSecs} s, ${domain.length.toFixed(0)} characters each`,
        flows: [],
      });
    };

    return {
      dns(event) {
        const name = registered.of(event.query);
        if (name === null) return;
        const sub = subName(event.query, name);
        if (!hasLongLabel(sub) || isReputation(name, sub) || isIdentifier(sub, event.qtype)) return;
        const domain = domains.obtain(`${event.client}${name}`, make);
        const before = domain.names.size;
        domain.names.add(sub, sub.length, sub.length * entropyOf(sub), event.at);
        held += domain.names.size - before;
        makeRoom(MOST_DOMAINS);
        const byNumber = domain.names.size >= settings.names && domain.length >= settings.length;
        const byCargo =
          domain.characters >= settings.cargo_characters &&
          domain.length >= settings.cargo_length &&
          domain.entropy >= settings.cargo_entropy;
        if (byNumber || byCargo) report(event, name, domain, byNumber);
      },
    };
  },
});
