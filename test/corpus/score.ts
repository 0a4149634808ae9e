/**
 * Compares flow records with what tshark found in the same capture. The rules: flows are added up per tuple; protocols
 * without ports are keyed by their addresses; strict comparisons leave out fragments, tunnels, frames cut by the
 * capture and malformed ones, which have metrics of their own; captures on which the references disagree are left out.
 */
import type { FlowRecord } from '../../src/flow/record.ts';
import type { FlowTruth, ManifestEntry, TcpTruth, Truth } from './corpus.ts';
import { canonicalTruthTuple, type TupleTotal, totalsByTuple } from './flow-totals.ts';
import type { Metrics } from './metrics.ts';

/** Link types whose frames hold IP in a way that every reference reads. */
const SCORED_LINK_TYPES = new Set([0, 1, 12, 14, 101, 108, 113, 228, 229, 276]);
/** IPv6 extension headers and other numbers that are no transport of their own. */
const NOT_A_TRANSPORT = new Set([0, 43, 44, 51, 60, 135, 139, 140]);

interface Views {
  plain: Map<string, FlowTruth>;
  inner: Map<string, FlowTruth>;
  outer: Map<string, FlowTruth>;
}

function protocolOf(key: string): number {
  return Number(key.slice(0, key.indexOf('|')));
}

function family(key: string): string {
  const protocol = protocolOf(key);
  if (protocol === 6 || protocol === 17) return 'tcp_udp';
  return protocol === 132 ? 'sctp' : 'other_ip';
}

function views(flows: Record<string, FlowTruth>): Views {
  const found: Views = { plain: new Map(), inner: new Map(), outer: new Map() };
  for (const [key, truth] of Object.entries(flows)) {
    if (key.startsWith('i|')) found.inner.set(canonicalTruthTuple(key.slice(2)), truth);
    else if (key.startsWith('o|')) found.outer.set(canonicalTruthTuple(key.slice(2)), truth);
    else found.plain.set(canonicalTruthTuple(key), truth);
  }
  return found;
}

function samePackets(total: TupleTotal, truth: FlowTruth): boolean {
  return total.packetsAToB === (truth.pk_ab ?? 0) && total.packetsBToA === (truth.pk_ba ?? 0);
}

function sameBytes(total: TupleTotal, truth: FlowTruth): boolean {
  return total.bytesAToB === (truth.by_ab ?? 0) && total.bytesBToA === (truth.by_ba ?? 0);
}

function packetsText({ packetsAToB, packetsBToA }: TupleTotal): string {
  return `${packetsAToB}/${packetsBToA}`;
}

/** The conversations that can be compared to the packet; fragmented ones are scored here on the way. */
function strictFlows(score: CaptureScore, { plain, inner, outer }: Views): Map<string, FlowTruth> {
  const strict = new Map<string, FlowTruth>();
  for (const [key, truth] of plain) {
    const protocol = protocolOf(key);
    const [, , portA, , portB] = key.split('|');
    if (inner.has(key) || outer.has(key) || NOT_A_TRANSPORT.has(protocol) || Object.keys(truth).length < 6) continue;
    if ((protocol === 6 || protocol === 17 || protocol === 132) && portA === '0' && portB === '0') continue;
    const unfair = new Set(truth.amb ?? []);
    if (unfair.has('tunnel') || unfair.has('malformed')) continue;
    if (unfair.has('frag')) score.fragments(key, truth);
    else strict.set(key, truth);
  }
  return strict;
}

class CaptureScore {
  private readonly metrics: Metrics;
  private readonly capture: string;
  private readonly totals: Map<string, TupleTotal>;

  constructor(metrics: Metrics, capture: string, totals: Map<string, TupleTotal>) {
    this.metrics = metrics;
    this.capture = capture;
    this.totals = totals;
  }

  private add(name: string, hit: boolean, tuple: string, got: unknown = '', want: unknown = ''): void {
    this.metrics.add(name, hit, { capture: this.capture, tuple, got: String(got), want: String(want) });
  }

  /** tshark's conversation has the frame in which a datagram becomes whole; its other fragments are counted apart. */
  fragments(key: string, truth: FlowTruth): void {
    const total = this.totals.get(key);
    const got = total === undefined ? 'none' : total.packetsAToB + total.packetsBToA;
    const want = (truth.pk_ab ?? 0) + (truth.pk_ba ?? 0) + (truth.frag_pk ?? 0);
    this.add('fragments_attributed', got === want, key, got, want);
  }

  packetsAndBytes(strict: Map<string, FlowTruth>): void {
    let compared = 0;
    let exact = true;
    for (const [key, truth] of strict) {
      const total = this.totals.get(key);
      const cut = truth.amb?.includes('snap') ?? false;
      const suffix = cut ? 'snaplen_cut' : family(key);
      this.add(`found_${family(key)}`, total !== undefined, key);
      const packets = total !== undefined && samePackets(total, truth);
      if (!cut || total !== undefined) {
        this.add(`packets_exact_${suffix}`, packets, key, total && packetsText(total), `${truth.pk_ab ?? 0}/${truth.pk_ba ?? 0}`);
        const bytes = total !== undefined && sameBytes(total, truth);
        this.add(
          `bytes_exact_${suffix}`,
          bytes,
          key,
          total && `${total.bytesAToB}/${total.bytesBToA}`,
          `${truth.by_ab ?? 0}/${truth.by_ba ?? 0}`,
        );
      }
      if (!cut) {
        compared++;
        exact &&= packets;
      }
      if (total !== undefined && !cut && protocolOf(key) === 6 && truth.tcp?.syn_from !== undefined) {
        this.add('initiator_is_syn_sender', total.initiator === truth.tcp.syn_from, key, total.initiator, truth.tcp.syn_from);
      }
    }
    if (compared > 0) this.add('captures_with_every_flow_exact', exact, '');
  }

  noPhantoms({ plain, inner, outer }: Views): void {
    for (const key of this.totals.keys()) {
      if (![6, 17, 132].includes(protocolOf(key))) continue;
      this.add('no_phantom_flows', plain.has(key) || inner.has(key) || outer.has(key), key);
    }
  }

  tunnels(name: string, layer: Map<string, FlowTruth>, plain: Map<string, FlowTruth>): void {
    for (const [key, truth] of layer) {
      if (NOT_A_TRANSPORT.has(protocolOf(key)) || plain.has(key)) continue;
      const total = this.totals.get(key);
      const want = (truth.pk_ab ?? 0) + (truth.pk_ba ?? 0);
      const got = total === undefined ? 'none' : total.packetsAToB + total.packetsBToA;
      this.add(name, got === want, key, got, want);
    }
  }

  communityIds(flows: Record<string, FlowTruth>): void {
    for (const [key, truth] of Object.entries(flows)) {
      if (truth.amb !== undefined || truth.cid === undefined || /^[io]\|/.test(key)) continue;
      const total = this.totals.get(canonicalTruthTuple(key));
      if (total === undefined) continue;
      const ids = [...total.communityIds];
      this.add(
        'community_id',
        truth.cid.some((id) => total.communityIds.has(id)),
        key,
        ids.join(' '),
        truth.cid.join(' '),
      );
    }
  }

  tcp(strict: Map<string, FlowTruth>, tcptrace: Map<string, number>): void {
    for (const [key, { tcp }] of strict) {
      const total = this.totals.get(key);
      if (tcp === undefined || total === undefined) continue;
      this.losses(key, total, tcp, tcptrace.get(key));
      this.handshake(key, total, tcp);
      const flags = (tcp.syn || tcp.synack ? 2 : 0) | (tcp.fin ? 1 : 0) | (tcp.rst ? 4 : 0);
      if (total.tcpFlags !== 0) this.add('syn_fin_rst_seen', (total.tcpFlags & 7) === flags, key, total.tcpFlags & 7, flags);
    }
  }

  private losses(key: string, total: TupleTotal, tcp: TcpTruth, tcptrace: number | undefined): void {
    const retransmissions = (tcp.retx_ab ?? 0) + (tcp.retx_ba ?? 0);
    const outOfOrder = (tcp.ooo_ab ?? 0) + (tcp.ooo_ba ?? 0);
    const { retransmissions: mine, outOfOrder: mineOutOfOrder } = total;
    this.add('retransmissions_exact', mine === retransmissions, key, mine, retransmissions);
    this.add('out_of_order_exact', mineOutOfOrder === outOfOrder, key, mineOutOfOrder, outOfOrder);
    if (retransmissions > 0 || mine > 0) {
      this.add('retransmissions_exact_where_any', mine === retransmissions, key, mine, retransmissions);
      this.add('retransmissions_noticed', mine > 0 === retransmissions > 0, key, mine, retransmissions);
      if (tcptrace !== undefined) {
        const within = mine >= Math.min(retransmissions, tcptrace) && mine <= Math.max(retransmissions, tcptrace);
        this.add('retransmissions_between_references', within, key, mine, `${retransmissions} or ${tcptrace}`);
      }
    }
    if (outOfOrder > 0 || mineOutOfOrder > 0)
      this.add('out_of_order_exact_where_any', mineOutOfOrder === outOfOrder, key, mineOutOfOrder, outOfOrder);
    const sum = mine + mineOutOfOrder;
    if (sum > 0 || retransmissions + outOfOrder > 0)
      this.add('their_sum_exact_where_any', sum === retransmissions + outOfOrder, key, sum, retransmissions + outOfOrder);
  }

  private handshake(key: string, total: TupleTotal, tcp: TcpTruth): void {
    // tshark also calls the time from a SYN to the RST that refused it by this name.
    if (!tcp.irtt || tcp.streams?.length !== 1 || tcp.syn !== 1 || !tcp.synack) return;
    const rtt = total.handshakeRtt[0];
    this.add('handshake_rtt_reported', rtt !== undefined, key, rtt, tcp.irtt);
    if (rtt !== undefined)
      this.add('handshake_rtt_within_1ms_or_5pct', Math.abs(rtt - tcp.irtt) <= Math.max(0.001, 0.05 * tcp.irtt), key, rtt, tcp.irtt);
  }
}

/** Whether the references agree on this capture and can be compared with. */
export function isScored(entry: ManifestEntry, truth: Truth, disputes: Record<string, string>): boolean {
  const readable = entry.linktypes.length > 0 && entry.linktypes.every((type) => SCORED_LINK_TYPES.has(type));
  return readable && truth.tshark !== undefined && truth.tshark.error === null && !(entry.file in disputes);
}

/** Adds the comparison of one capture to `metrics`. */
export function scoreCapture(metrics: Metrics, entry: ManifestEntry, truth: Truth, records: FlowRecord[]): void {
  const flows = truth.tshark?.flows ?? {};
  const score = new CaptureScore(metrics, entry.file, totalsByTuple(records.filter((record) => record.record === 'final')));
  const seen = views(flows);
  const strict = strictFlows(score, seen);
  score.packetsAndBytes(strict);
  score.noPhantoms(seen);
  if (seen.inner.size > 0) {
    score.tunnels('tunnel_inner_exact', seen.inner, seen.plain);
    score.tunnels('tunnel_outer_exact', seen.outer, seen.plain);
  }
  score.communityIds(flows);
  const tcptrace = new Map<string, number>();
  for (const { k, retx } of truth.tcptrace ?? []) tcptrace.set(canonicalTruthTuple(k), (tcptrace.get(canonicalTruthTuple(k)) ?? 0) + retx);
  score.tcp(strict, tcptrace);
}
