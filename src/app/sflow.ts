/** sFlow version 5 (sflow.org, "sFlow Version 5", 2004). */
import { ipv4Text, ipv6Text } from './address-text.ts';
import { CountedSession } from './counted-session.ts';
import { Cursor } from './cursor.ts';
import { CLIENT, type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';

const DATAGRAM_LIMIT = 16;
const SAMPLE_LIMIT = 256;

interface Sflow {
  version: number;
  agent: string;
  subAgent: number;
  samples: number;
}

function sflowOf(bytes: Uint8Array): Sflow | null {
  const cursor = new Cursor(bytes);
  const version = cursor.u32();
  const family = cursor.u32();
  if (version !== 5 || (family !== 1 && family !== 2)) return null;
  const address = cursor.take(family === 1 ? 4 : 16);
  const subAgent = cursor.u32();
  cursor.skip(8);
  const samples = cursor.u32();
  if (cursor.overrun || samples > SAMPLE_LIMIT) return null;
  for (let i = 0; i < samples; i++) {
    const type = cursor.u32();
    const length = cursor.u32();
    // A format is an enterprise of 20 bits and a number; those of sflow.org are 1 to 5.
    if ((type < 4096 && (type === 0 || type > 16)) || length % 4 !== 0 || length === 0) return null;
    cursor.skip(length);
    if (cursor.overrun) return null;
  }
  if (cursor.left > 0) return null;
  return { version, agent: family === 1 ? ipv4Text(address) : ipv6Text(address), subAgent, samples };
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  const found = sflowOf(bytes);
  if (found === null) return false;
  const detail = facts.detail('sflow');
  detail.version ??= found.version;
  detail.agent ??= found.agent;
  detail.sub_agent ??= found.subAgent;
  detail.samples = Number(detail.samples ?? 0) + found.samples;
  return true;
}

export const sflow: DatagramDissector = {
  transport: 'udp',
  protocol: 'sflow',
  ports: [6343],
  probe(datagrams) {
    const { bytes, side } = datagrams[datagrams.length - 1];
    return side === CLIENT && sflowOf(bytes) !== null ? Verdict.YES : Verdict.NO;
  },
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
