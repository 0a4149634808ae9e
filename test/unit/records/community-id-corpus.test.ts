/**
 * Community IDs of public captures as another implementation computed them. WEIR_CORPUS names the folder with `open/`;
 * without it, and without the folder beside the checkout, there is nothing to compare with.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { addressBytes } from '../../../src/flow/address-bytes.ts';
import { communityId, icmpPorts } from '../../../src/flow/community-id.ts';

const corpus = process.env.WEIR_CORPUS ?? join(import.meta.dirname, '../../../../shared/corpus');
const truthFolder = join(corpus, 'open/truth');

interface TruthFlow {
  cid?: string[];
  amb?: string[];
  icmp?: Record<string, number>;
}

interface Truth {
  tshark?: { flows?: Record<string, TruthFlow> };
}

interface Case {
  key: string;
  protocol: number;
  flow: TruthFlow;
}

/** Flows with one clear view: not inside tunnels, fragmented, cut or malformed. */
function* clearFlows(): Generator<Case> {
  for (const name of readdirSync(truthFolder)) {
    const truth = JSON.parse(gunzipSync(readFileSync(join(truthFolder, name))).toString()) as Truth;
    for (const [key, flow] of Object.entries(truth.tshark?.flows ?? {})) {
      // A cut SCTP header has ports in the ID, and none in the reference's key.
      if (/^[io]\|/.test(key) || /^132\|.*\|0\|.*\|0$/.test(key) || (flow.amb?.length ?? 0) > 0 || (flow.cid?.length ?? 0) === 0) continue;
      yield { key, protocol: Number(key.split('|')[0]), flow };
    }
  }
}

/** Every ID that the messages of this flow can have: for ICMP one per type and code, in either direction. */
function expectedIds({ key, protocol, flow }: Case): Set<string> {
  const [, a, portA, b, portB] = key.split('|') as [string, string, string, string, string];
  const source = addressBytes(a) as Uint8Array;
  const destination = addressBytes(b) as Uint8Array;
  const ids = new Set<string>();
  if (protocol !== 1 && protocol !== 58) {
    // Port 0 on both sides stands for a transport header that the reference could not read.
    const none = portA === '0' && portB === '0';
    const ports = { sourcePort: none ? null : Number(portA), destinationPort: none ? null : Number(portB) };
    ids.add(communityId({ protocol, source, destination, ...ports, oneWay: false }, 0));
    return ids;
  }
  for (const message of Object.keys(flow.icmp ?? {})) {
    const [type, code] = message.split('/').map(Number) as [number, number];
    const ports = icmpPorts(protocol, type, code);
    const tuple = { protocol, sourcePort: ports.source, destinationPort: ports.destination, oneWay: ports.oneWay };
    ids.add(communityId({ ...tuple, source, destination }, 0));
    ids.add(communityId({ ...tuple, source: destination, destination: source }, 0));
  }
  return ids;
}

describe.skipIf(!existsSync(truthFolder))('Community ID on public captures', () => {
  it('equals the reference for every flow of every protocol', () => {
    const wrong: string[] = [];
    const seen = new Map<number, number>();
    for (const each of clearFlows()) {
      const ids = expectedIds(each);
      if (ids.size === 0) continue;
      // The reference also lists IDs of inner layers (LISP, CAPWAP, a second IP header) under the outer flow's key.
      const ours = (id: string): boolean => ids.has(id);
      const icmp = each.protocol === 1 || each.protocol === 58;
      const matches = icmp ? each.flow.cid?.every(ours) : each.flow.cid?.some(ours);
      if (matches) seen.set(each.protocol, (seen.get(each.protocol) ?? 0) + 1);
      else wrong.push(`${each.key} ${each.flow.cid?.join(' ')}`);
    }
    expect(wrong).toEqual([]);
    expect(seen.get(6)).toBeGreaterThan(1000);
    expect(seen.get(17)).toBeGreaterThan(1000);
    expect(seen.get(1)).toBeGreaterThan(50);
    expect(seen.size).toBeGreaterThan(10);
  });
});
