/**
 * nDPI's words in ours. Its protocols become the pair of labels that flows carry: `TLS.Google` is master `tls`, protocol
 * `google`. What PROTOCOLS knows under one of nDPI's names gets our name; everything else its own in lower case with `_`.
 */
import { PROTOCOLS } from './protocols.ts';
import { type Risk, riskById } from './risks.ts';

export interface NdpiLabel {
  master: string;
  protocol: string;
}

/** Lower case, and `_` for whatever is neither letter nor digit. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');

/** Names of things that have no entry in PROTOCOLS and that a later version calls otherwise: the old one, then the new one. */
const renamed: readonly (readonly [string, string])[] = [
  ['Messenger', 'FacebookMessenger'],
  ['Sina(Weibo)', 'Sina'],
  ['GoogleHangoutDuo', 'GoogleCall'],
  ['GoogleMeet', 'GoogleCall'],
  ['CSGO', 'SteamDatagramRelay'],
  ['Skype_Teams', 'Teams'],
  ['Skype_TeamsCall', 'Teams'],
  ['SkypeCall', 'Teams'],
  ['TeamsCall', 'Teams'],
];

const labels = new Map<string, string>(renamed.map(([old, now]) => [old.toLowerCase(), plain(now)]));
// The first entry of those that share a name of nDPI is the general one (`IPSec` is ipsec, not esp).
for (const { name, ndpi } of PROTOCOLS.toReversed()) for (const alias of ndpi) labels.set(alias.toLowerCase(), name);

/** Our label for one name of nDPI; null for its `Unknown`, and for an empty name. */
export function ndpiProtocol(name: string | null): string | null {
  if (name === null || name === '' || name === 'Unknown') return null;
  return labels.get(name.toLowerCase()) ?? (plain(name) || null);
}

/** The pair for the master and application protocol of a result; null when neither is known. */
export function ndpiLabel(masterName: string | null, appName: string | null): NdpiLabel | null {
  const master = ndpiProtocol(masterName);
  const protocol = ndpiProtocol(appName);
  if (master === null) return protocol === null ? null : { master: protocol, protocol };
  return { master, protocol: protocol ?? master };
}

/** Labels by the ids of one library, put into words once. */
export class NdpiLabels {
  readonly #names: (string | null)[] = [];

  constructor(protocols: readonly { id: number; name: string }[]) {
    for (const { id, name } of protocols) this.#names[id] = ndpiProtocol(name);
  }

  label(master: number, app: number): NdpiLabel | null {
    const masterName = this.#names[master] ?? null;
    const protocol = this.#names[app] ?? null;
    if (masterName === null) return protocol === null ? null : { master: protocol, protocol };
    return { master: masterName, protocol: protocol ?? masterName };
  }
}

/** Categories whose names the general rule would spoil, or that we have under another name. */
const categories: Readonly<Record<string, string>> = {
  VoIP: 'voip',
  'IoT-Scada': 'iot_scada',
  ConnCheck: 'connectivity_check',
  VirtAssistant: 'virtual_assistant',
  Crypto_Currency: 'mining',
  'Download-FileTransfer-FileSharing': 'download',
};

/** `DataTransfer` is `data_transfer`; null and `Unspecified` are `unspecified`. */
export function ndpiCategory(name: string | null): string {
  if (name === null || name === '') return 'unspecified';
  return categories[name] ?? plain(name.replace(/([a-z])([A-Z])/g, '$1_$2'));
}

/** `DPI (cache)` is `dpi_cache`, `Match by port` is `match_by_port`. */
export function ndpiConfidence(name: string | null): string {
  return plain(name ?? '') || 'unknown';
}

/** The risks of a mask in the order of their numbers; `unnamed`: bits of a newer nDPI that have no entry in RISKS. */
export function ndpiRisks(low: number, high: number): { risks: Risk[]; unnamed: number[] } {
  const risks: Risk[] = [];
  const unnamed: number[] = [];
  for (let bit = 0; bit < 64; bit++) {
    const word = bit < 32 ? low : high;
    if (((word >>> (bit & 31)) & 1) === 0) continue;
    const risk = riskById(bit);
    if (risk === null) unnamed.push(bit);
    else risks.push(risk);
  }
  return { risks, unnamed };
}
