/** Turns frames from a tap into what people and programs asked for: lines, details, records. */
import { packetDetail } from './detail.ts';
import { type PacketStamp, packetLine } from './line.ts';
import { packetJson, packetRecord, protocolFilter } from './record.ts';
import type { TapFrame } from './tap-record.ts';
import { type PacketView, viewPacket } from './view.ts';

export interface PacketPrinterOptions {
  /** Protocol names or numbers that are left out, any case. */
  ignoreProtocols: readonly string[];
  /** Name of the interface with that index, for records; null = unknown. */
  interfaceName: (source: number) => string | null;
  /** Put the interface's name into lines: when there are several. */
  showInterface: boolean;
}

/** One decoded frame; each form is made when it is asked for. */
export interface PrintablePacket {
  readonly view: PacketView;
  line(): string;
  /** Several lines, without a line break at the end. */
  detail(): string;
  /** One line of JSON. */
  json(): string;
}

export class PacketPrinter {
  readonly #options: PacketPrinterOptions;
  readonly #keep: ReturnType<typeof protocolFilter> | null;

  constructor(options: PacketPrinterOptions) {
    this.#options = options;
    this.#keep = options.ignoreProtocols.length === 0 ? null : protocolFilter(options.ignoreProtocols);
  }

  /** Null when the packet's protocol is one of the ignored. */
  print(packet: TapFrame): PrintablePacket | null {
    const view = viewPacket(packet.frame, packet.linkType, packet.wireLength);
    const name = this.#options.interfaceName(packet.source);
    const stamp: PacketStamp = { ordinal: packet.ordinal, sec: packet.sec, nsec: packet.nsec, interfaceName: name };
    if (this.#keep !== null && !this.#keep(packetRecord(view, stamp))) return null;
    const shown = this.#options.showInterface ? stamp : { ...stamp, interfaceName: null };
    return {
      view,
      line: () => packetLine(view, shown),
      detail: () => packetDetail(view, shown, packet.frame),
      json: () => packetJson(packetRecord(view, stamp)),
    };
  }
}
