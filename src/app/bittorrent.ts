/** BitTorrent over TCP: the peer handshake (BEP 3). Peers that encrypt it (MSE) show nothing that could be recognised. */
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
} from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { eitherSide, prefixVerdict } from './prefix.ts';
import { hexOf, textOf } from './text.ts';

const PREFIX = '\x13BitTorrent protocol';
/** Prefix, 8 reserved bytes, info hash, peer id. */
const HANDSHAKE = 68;

class Session implements StreamSession {
  readonly #facts: AppFacts;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    this.#facts.detail('bittorrent').transport = 'tcp';
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const section = this.#facts.detail('bittorrent');
    for (const side of [CLIENT, SERVER] as const) {
      const { bytes, length } = heads[side];
      if (length >= 48) section.info_hash ??= hexOf(bytes.subarray(28, 48));
      // BEP 20: the first eight characters name the program; the rest is random.
      if (length >= HANDSHAKE) section[side === CLIENT ? 'client' : 'server'] ??= textOf(bytes.subarray(48, 56));
    }
    const done = heads.every((head) => head.length >= HANDSHAKE || head.complete);
    return done ? Progress.DONE : Progress.MORE;
  }
}

export const bittorrentTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'bittorrent',
  ports: [6881, 6882, 6883, 6889],
  probe: (heads) => eitherSide(prefixVerdict(heads[CLIENT], PREFIX), prefixVerdict(heads[SERVER], PREFIX)),
  open: (context) => new Session(context),
};
