/**
 * What shards tell the rules, in the order of stream time and, within one moment, of the capture: attempts and their
 * outcomes, volumes, names, claims. Times (`at`) are stream time in nanoseconds, whole numbers; windows are compared in
 * them, so that the edge of a window is exact. `ordinal` is the number of the packet that an event comes from.
 */
import type { HyperLogLog } from './state/hyperloglog.ts';

/** The bytes of an address, 4 or 16, one character each: a key. `RuleContext.text` makes it readable. */
export type Address = string;

/** A flow by its initiator (`source`) and responder. Ports are 0 where the protocol has none. */
export interface FlowTuple {
  readonly protocol: number;
  readonly source: Address;
  readonly sourcePort: number;
  readonly target: Address;
  readonly targetPort: number;
}

interface Moment {
  readonly at: number;
  readonly ordinal: number;
}

/** The first packet of a flow from its initiator: a SYN, a datagram, an ICMP request (`icmpType`, else 0). */
export interface OpenEvent extends Moment, FlowTuple {
  readonly type: 'open';
  readonly icmpType: number;
  /** False when the flow table refused the flow: no answer and no end will be told. */
  readonly tracked: boolean;
  /** What came of it before the tick was over; null when that is not known yet. */
  readonly outcome: 'accepted' | 'refused' | null;
}

/** The responder's first packet, or an ICMP error about the flow. */
export interface AnswerEvent extends Moment, FlowTuple {
  readonly type: 'answer';
  /** `refused`: an RST in answer to a SYN, or an ICMP error (unreachable, prohibited). */
  readonly outcome: 'accepted' | 'refused';
  /** When the attempt was made, if that was in the same tick and told; else null. */
  readonly attemptAt: number | null;
}

/** What a flow carried since its last volume event; told every 64 KiB or more, at most once per tick, and at its end. */
export interface VolumeEvent extends Moment, FlowTuple {
  readonly type: 'volume';
  /** Wire bytes and packets from the initiator (`Up`) and to it. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly packetsUp: number;
  readonly packetsDown: number;
  /** When the flow began, and its last packet so far: at a flow's end, or after a pause, long before `at`. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** The end of a flow in which both sides spoke, or one carried 64 KiB; with its sums. */
export interface CloseEvent extends Moment, FlowTuple {
  readonly type: 'close';
  readonly firstAt: number;
  readonly lastAt: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly payloadUp: number;
  readonly payloadDown: number;
  readonly packetsUp: number;
  readonly packetsDown: number;
  /** Zeek's conn_state; null for protocols without one. */
  readonly state: string | null;
  /** Our label of the application (`ssh`, `tls`), null when unknown. */
  readonly service: string | null;
  /** The host that the flow itself named (SNI, Host and the like), small letters; null when it named none. */
  readonly host: string | null;
}

/** A TCP connection that the responder accepted and the initiator said nothing about since, for a second or more. */
export interface HalfOpenEvent extends Moment, FlowTuple {
  readonly type: 'halfOpen';
  /** When the attempt was made. */
  readonly firstAt: number;
}

/** A question, with what was answered. */
export interface DnsEvent extends Moment {
  readonly type: 'dns';
  readonly client: Address;
  readonly server: Address;
  /** Small letters, no trailing dot. */
  readonly query: string;
  /** `A`, `TXT`, `TYPE65280` … */
  readonly qtype: string;
  /** `NOERROR`, `NXDOMAIN` …; null when no answer was seen. */
  readonly rcode: string | null;
}

export interface ArpEvent extends Moment {
  readonly type: 'arp';
  /** 1 = request, 2 = reply. */
  readonly operation: number;
  /** Addresses of the Ethernet header, `aa:bb:cc:dd:ee:ff`. */
  readonly frameSource: string;
  readonly frameTarget: string;
  readonly senderMac: string;
  readonly senderAddress: Address;
  readonly targetMac: string;
  readonly targetAddress: Address;
}

/** A client's message to a DHCP server, whatever it says: UDP to port 67, or DHCPv6 to 547, from another port. */
export interface DhcpEvent extends Moment, FlowTuple {
  readonly type: 'dhcp';
  /** Address of the frame's sender, `aa:bb:cc:dd:ee:ff`; null where frames have none. */
  readonly station: string | null;
}

/** Attempts at one service beyond those that were told one by one in the tick (`OPENS_TOLD`). Comes at the tick's end. */
export interface SurgeEvent extends Moment {
  readonly type: 'surge';
  readonly protocol: number;
  readonly target: Address;
  readonly targetPort: number;
  readonly opens: number;
  readonly sources: HyperLogLog;
}

/** The end of a tick, after everything in it. Differences since the tick before. */
export interface TickEvent extends Moment {
  readonly type: 'tick';
  readonly final: boolean;
  readonly packets: number;
  readonly bytes: number;
  /** Frames that were dropped before they were accounted for: kernel, interface and ring. */
  readonly dropped: number;
  /** Bytes of TCP streams that nobody saw although they were acknowledged, and all bytes of TCP payload. */
  readonly missedBytes: number;
  readonly payloadBytes: number;
  /** Packets a second or more behind the capture's clock. */
  readonly clockSteps: number;
}

export type DetectEvent =
  | OpenEvent
  | AnswerEvent
  | VolumeEvent
  | CloseEvent
  | HalfOpenEvent
  | DnsEvent
  | ArpEvent
  | DhcpEvent
  | SurgeEvent
  | TickEvent;
export type EventType = DetectEvent['type'];

/** Attempts at one (protocol, address, port) and tick that are told one by one; the rest comes as a surge. */
export const OPENS_TOLD = 1024;
/** A flow tells its volume when it has grown by this many bytes. */
export const VOLUME_STEP = 65_536;
