/**
 * Which names this server answers to, and whose pages may ask it. A page of another site can make a browser connect to
 * 127.0.0.1, directly or by a DNS name that it points there; its requests carry that name in Host, or its own in Origin.
 */
import { isIP } from 'node:net';

export interface HostAndPort {
  /** Lower case, IPv6 without brackets. */
  name: string;
  /** null = the default of the scheme. */
  port: number | null;
}

const LOCAL_NAMES = new Set(['localhost', '127.0.0.1', '::1']);

/** Reads `name`, `name:port`, `[::1]:port`; null for anything else. */
export function parseHost(text: string): HostAndPort | null {
  const match = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253}))(?::(\d{1,5}))?$/i.exec(text);
  if (match === null || (match[1] !== undefined && isIP(match[1]) !== 6)) return null;
  const port = match[3] === undefined ? null : Number(match[3]);
  if (port !== null && port > 65_535) return null;
  return { name: (match[1] ?? match[2] ?? '').toLowerCase().replace(/\.$/, ''), port };
}

export interface Asked {
  host: string | undefined;
  origin: string | undefined;
  /** `Sec-Fetch-Site` and `Sec-Fetch-Mode`, which browsers send and pages cannot change. */
  fetchSite: string | undefined;
  fetchMode: string | undefined;
  /** Address of this machine that the client connected to. */
  localAddress: string | undefined;
}

export class OriginPolicy {
  readonly #allowed: HostAndPort[];
  /** Ports of this server; its page may open a WebSocket on the other one. */
  readonly #ownPorts: () => readonly number[];

  /** `allowedHosts` as people write them; those that are no host are refused by `ApiOptions` checks before. */
  constructor(allowedHosts: readonly string[], ownPorts: () => readonly number[]) {
    this.#allowed = allowedHosts.map(parseHost).filter((host) => host !== null);
    this.#ownPorts = ownPorts;
  }

  /** Whether Host names this server. A number cannot be re-bound by DNS; it must still be the address connected to. */
  isOwnHost({ host, localAddress }: Asked): boolean {
    const asked = parseHost(host ?? '');
    if (asked === null) return false;
    if (LOCAL_NAMES.has(asked.name)) return true;
    if (localAddress !== undefined && asked.name === localAddress.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '')) return true;
    return this.#isListed(asked);
  }

  /** Whether Origin is a page of this server; call it after `isOwnHost`. Without an Origin it is for others to decide. */
  isOwnOrigin({ host, origin }: Asked): boolean {
    const match = /^(https?):\/\/([^/]+)$/i.exec(origin ?? '');
    const page = parseHost(match?.[2] ?? '');
    const asked = parseHost(host ?? '');
    if (match === null || page === null || asked === null) return false;
    const standard = match[1]?.toLowerCase() === 'https' ? 443 : 80;
    const pagePort = page.port ?? standard;
    if (page.name === asked.name && (pagePort === (asked.port ?? standard) || this.#ownPorts().includes(pagePort))) return true;
    return this.#allowed.some((entry) => entry.name === page.name && entry.port !== null && entry.port === pagePort);
  }

  /** Whether a browser says that a page of somewhere else asks, other than by following a link. */
  isForeignFetch({ fetchSite, fetchMode }: Asked): boolean {
    return (fetchSite === 'cross-site' || fetchSite === 'same-site') && fetchMode !== 'navigate' && fetchMode !== 'websocket';
  }

  #isListed(asked: HostAndPort): boolean {
    return this.#allowed.some((entry) => entry.name === asked.name && (entry.port === null || entry.port === asked.port));
  }
}
