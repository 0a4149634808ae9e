/**
 * What one side of an SSH connection offers in its KEXINIT (RFC 4253 section 7.1): the lists, what follows from them, and what two
 * of them agree upon.
 */
import { hassh, hasshServer, type KexInit } from '../fingerprint/hassh.ts';
import { Cursor } from './cursor.ts';
import type { SshFacts } from './facts.ts';
import { latin1, textOf } from './text.ts';

const COOKIE_BYTES = 16;
export const OBSOLETE_CIPHERS: ReadonlySet<string> = new Set([
  'arcfour',
  'arcfour128',
  'arcfour256',
  '3des-cbc',
  'blowfish-cbc',
  'cast128-cbc',
]);
/** Shared by every flow in which it was made: not to be changed. */
export class Offer {
  readonly init: KexInit;
  readonly hassh: string;
  readonly hasshServer: string;
  /** As a client's, as a server's: it offers an obsolete cipher for its own direction. */
  readonly clientIsObsolete: boolean;
  readonly serverIsObsolete: boolean;
  /** The server's offer that this one met last, and what came of it. */
  last: { readonly server: Offer; readonly choice: Choice } | null = null;

  constructor(init: KexInit) {
    this.init = init;
    this.hassh = hassh(init);
    this.hasshServer = hasshServer(init);
    this.clientIsObsolete = isObsolete(init.cipherToServer);
    this.serverIsObsolete = isObsolete(init.cipherToClient);
  }
}

export type Choice = Pick<SshFacts, 'kex' | 'host_key' | 'cipher' | 'mac' | 'compression'>;

function isObsolete(ciphers: string): boolean {
  return ciphers.split(',').some((cipher) => OBSOLETE_CIPHERS.has(cipher));
}

function readKexInit(payload: Uint8Array): KexInit | null {
  const cursor = new Cursor(payload, 1 + COOKIE_BYTES);
  const list = () => latin1(cursor.take(cursor.u32()));
  const init: KexInit = {
    kex: list(),
    hostKey: list(),
    cipherToServer: list(),
    cipherToClient: list(),
    macToServer: list(),
    macToClient: list(),
    compressionToServer: list(),
    compressionToClient: list(),
  };
  return cursor.overrun ? null : init;
}

const encoder = new TextEncoder();

/** The first of the client's list that the server has too. */
function chosen(client: string, server: string): string | null {
  const offered = new Set(server.split(','));
  const name = client.split(',').find((candidate) => candidate !== '' && offered.has(candidate));
  return name === undefined ? null : textOf(encoder.encode(name), 64);
}

/** What a program offers is the same in each of its KEXINITs but for the cookie: the last ones, by their bytes behind it. */
const offers = new Map<string, Offer>();
const MOST_OFFERS = 256;

/** Longest lists that are remembered; real ones take some 1,500 bytes. */
const REMEMBERED_BYTES = 4096;

/** The offer in the payload of a KEXINIT; null when it is none. */
export function offerOf(payload: Uint8Array): Offer | null {
  const lists = latin1(payload.subarray(1 + COOKIE_BYTES));
  let offer = offers.get(lists);
  if (offer === undefined) {
    const init = readKexInit(payload);
    if (init === null) return null;
    offer = new Offer(init);
    if (offers.size >= MOST_OFFERS) offers.clear();
    if (lists.length <= REMEMBERED_BYTES) offers.set(lists, offer);
  }
  return offer;
}

/** What both sides will use. */
export function negotiate(client: Offer, server: Offer): Choice {
  if (client.last?.server === server) return client.last.choice;
  const [mine, theirs] = [client.init, server.init];
  const choice: Choice = {
    kex: chosen(mine.kex, theirs.kex),
    host_key: chosen(mine.hostKey, theirs.hostKey),
    cipher: chosen(mine.cipherToServer, theirs.cipherToServer),
    mac: chosen(mine.macToServer, theirs.macToServer),
    compression: chosen(mine.compressionToServer, theirs.compressionToServer),
  };
  client.last = { server, choice };
  return choice;
}
