/** Counts wrong tokens by address, so that guessing is slow. Fixed windows of a minute; the addresses used last are kept. */
import { isIPv6 } from 'node:net';
import { RecentMap } from './recent-map.ts';

const WINDOW_MS = 60_000;
const MOST_ADDRESSES = 4096;

/** One key per client: the address, of IPv6 the /64 that a client can pick addresses from. */
export function clientKey(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  return [...front, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...back].slice(0, 4).join(':');
}

export class FailedLogins {
  readonly #windows = new RecentMap<string, { count: number; endsAt: number }>(MOST_ADDRESSES);
  readonly #most: number;
  readonly #now: () => number;

  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** Seconds that this address has to wait; 0 = it may try. */
  waitSecs(address: string): number {
    const window = this.#windows.get(clientKey(address));
    const now = this.#now();
    if (window === undefined || window.endsAt <= now || window.count < this.#most) return 0;
    return Math.ceil((window.endsAt - now) / 1000);
  }

  count(address: string): void {
    const key = clientKey(address);
    const now = this.#now();
    const window = this.#windows.get(key);
    if (window === undefined || window.endsAt <= now) this.#windows.set(key, { count: 1, endsAt: now + WINDOW_MS });
    else window.count++;
  }
}
