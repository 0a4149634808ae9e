/**
 * Countries and networks of addresses, from databases in MaxMind's format: those that somebody names, else the free data
 * package (CC0) when it is installed. Addresses that are nowhere on the Internet are `Local`.
 */
import { readFile } from 'node:fs/promises';
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { Reader, type Response } from 'maxmind';
import { SensorError } from '../errors.ts';
import { packageFile } from './package-file.ts';

export interface PlaceFiles {
  /** Path of a country (or city) database; null = the data package, if there. */
  countryFile?: string | null;
  /** Path of an ASN database; null = none. */
  asnFile?: string | null;
}

const LOCAL = 'Local';
const MOST_DECODED = 10_000;
const COUNTRY_PACKAGE = '@ip-location-db/geo-whois-asn-country-mmdb';
const COUNTRY_FILES = ['geo-whois-asn-country-ipv4.mmdb', 'geo-whois-asn-country-ipv6.mmdb'];

/** Private (RFC 1918), shared (RFC 6598), loopback, link-local (RFC 3927), this host; unique local (RFC 4193) and link-local IPv6. */
const LOCAL_V4 = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '0.0.0.0/32'];
const LOCAL_V6 = ['fc00::/7', 'fe80::/10', '::1/128', '::/128'];

function localNetworks(): BlockList {
  const list = new BlockList();
  const add = (network: string, family: 'ipv4' | 'ipv6') => {
    const [address, bits] = network.split('/');
    list.addSubnet(address, Number(bits), family);
  };
  for (const network of LOCAL_V4) add(network, 'ipv4');
  for (const network of LOCAL_V6) add(network, 'ipv6');
  return list;
}

const local = localNetworks();

/** `::ffff:192.0.2.1` as the IPv4 address that it is. */
function plain(ip: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(ip)?.[1];
  return mapped !== undefined && isIPv4(mapped) ? mapped : ip;
}

type Entry = Response & Record<string, unknown>;

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The layouts of MaxMind (`country.iso_code`), ip-location-db (`country_code`) and IPinfo (`country`). */
function countryOf(entry: Entry): string | null {
  const { country } = entry;
  const nested = typeof country === 'object' && country !== null && 'iso_code' in country ? textOf(country.iso_code) : null;
  return nested ?? textOf(entry.country_code) ?? textOf(country);
}

/** MaxMind and ip-location-db (`autonomous_system_number`, `…_organization`), IPinfo (`asn`, `as_name`). */
function asnOf(entry: Entry): string | null {
  const { autonomous_system_number: number } = entry;
  const asn = typeof number === 'number' ? `AS${number}` : textOf(entry.asn);
  const name = textOf(entry.autonomous_system_organization) ?? textOf(entry.as_name);
  return asn === null || name === null ? asn : `${asn} ${name}`;
}

/** Databases as they stand in their files, in memory that threads share. */
export interface PlaceData {
  countries: SharedArrayBuffer[];
  networks: SharedArrayBuffer[];
}

/** Records that were decoded, by their place; countries are few, networks are not. */
class Decoded {
  readonly #records = new Map<string | number, unknown>();

  get(place: string | number): unknown {
    return this.#records.get(place);
  }

  set(place: string | number, record: unknown): void {
    if (this.#records.size === MOST_DECODED) this.#records.clear();
    this.#records.set(place, record);
  }
}

/** Reads shared memory as it is. Throws when it is no database. */
const readerOf = (bytes: SharedArrayBuffer): Reader<Entry> => new Reader<Entry>(Buffer.from(bytes), { cache: new Decoded() });

async function readDatabase(path: string, what: string): Promise<SharedArrayBuffer> {
  try {
    const file = await readFile(path);
    const bytes = new SharedArrayBuffer(file.length);
    new Uint8Array(bytes).set(file);
    readerOf(bytes);
    return bytes;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new SensorError('CONFIG', `the ${what} database ${path} cannot be opened: ${reason}`, {
      hint: 'name a readable file in MaxMind DB format (.mmdb)',
      detail: { path },
      cause: error,
    });
  }
}

/** @throws SensorError CONFIG when a named file cannot be opened */
export async function readPlaces({ countryFile = null, asnFile = null }: PlaceFiles): Promise<PlaceData> {
  const packaged = () => COUNTRY_FILES.map((name) => packageFile(COUNTRY_PACKAGE, name)).filter((path) => path !== null);
  const paths = countryFile === null ? packaged() : [countryFile];
  return {
    countries: await Promise.all(paths.map((path) => readDatabase(path, 'country'))),
    networks: asnFile === null ? [] : [await readDatabase(asnFile, 'ASN')],
  };
}

/** What a reader says; null where the file is damaged there. */
function entryIn(reader: Reader<Entry>, ip: string): Entry | null {
  try {
    return reader.get(ip);
  } catch {
    return null;
  }
}

/** The first answer; a database of the other address family has none. */
function lookUp(readers: readonly Reader<Entry>[], ip: string): Entry | null {
  for (const reader of readers) {
    if (reader.metadata.ipVersion === 4 && isIPv6(ip)) continue;
    const entry = entryIn(reader, ip);
    if (entry !== null) return entry;
  }
  return null;
}

export class Places {
  readonly #countries: readonly Reader<Entry>[];
  readonly #networks: readonly Reader<Entry>[];

  constructor({ countries, networks }: PlaceData) {
    this.#countries = countries.map(readerOf);
    this.#networks = networks.map(readerOf);
  }

  /** @throws SensorError CONFIG when a named file cannot be opened */
  static async open(files: PlaceFiles = {}): Promise<Places> {
    return new Places(await readPlaces(files));
  }

  /** Two capital letters, `Local`, or null when nobody knows. */
  country(ip: string): string | null {
    const address = plain(ip);
    const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : null;
    if (family === null) return null;
    if (local.check(address, family)) return LOCAL;
    const entry = lookUp(this.#countries, address);
    return entry === null ? null : countryOf(entry);
  }

  /** `AS64496 Example Net`, or null when nobody knows. */
  asn(ip: string): string | null {
    const address = plain(ip);
    const isAddress = isIPv4(address) || isIPv6(address);
    if (!isAddress || local.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')) return null;
    const entry = lookUp(this.#networks, address);
    return entry === null ? null : asnOf(entry);
  }
}
