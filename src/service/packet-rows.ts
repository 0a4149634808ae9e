/** Frames as the packet pages show them. */
import type { PacketDetail, PacketRow } from '../api/contract.ts';
import { describeLayer } from '../packet/describe.ts';
import { hexDump } from '../packet/hex-dump.ts';
import { errorText, type PacketStamp, packetLine } from '../packet/line.ts';
import { type PacketRecord, packetRecord } from '../packet/record.ts';
import type { TapFrame } from '../packet/tap-record.ts';
import { printable } from '../packet/text.ts';
import { type PacketView, viewPacket } from '../packet/view.ts';

/** More of a frame is in its capture, which can be downloaded. */
const HEX_LIMIT = 4096;

function endpoint(address: string | null, port: number | null, mac: string | null): string {
  if (address === null) return mac ?? '';
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The packet line without its number and time, which have columns of their own. */
function summaryOf(view: PacketView, stamp: PacketStamp): string {
  return packetLine(view, { ...stamp, interfaceName: null }).replace(/^#\d+ \S+ /, '');
}

function rowOf(frame: TapFrame, view: PacketView, record: PacketRecord, stamp: PacketStamp): PacketRow {
  return {
    ordinal: frame.ordinal,
    time: record.ts,
    interface: stamp.interfaceName,
    source: endpoint(record.src, record.src_port, record.src_mac),
    destination: endpoint(record.dst, record.dst_port, record.dst_mac),
    protocol: record.protocol,
    length: frame.wireLength,
    summary: summaryOf(view, stamp),
  };
}

function look(frame: TapFrame, interfaceName: string | null): { view: PacketView; stamp: PacketStamp; row: PacketRow } {
  const view = viewPacket(frame.frame, frame.linkType, frame.wireLength);
  const stamp = { ordinal: frame.ordinal, sec: frame.sec, nsec: frame.nsec, interfaceName };
  return { view, stamp, row: rowOf(frame, view, packetRecord(view, stamp), stamp) };
}

export function packetRow(frame: TapFrame, interfaceName: string | null): PacketRow {
  return look(frame, interfaceName).row;
}

export function packetDetailOf(frame: TapFrame, interfaceName: string | null): PacketDetail {
  const { view, row } = look(frame, interfaceName);
  const layers = view.layers.map((layer) => {
    const { title, fields } = describeLayer(layer);
    return { name: title, fields: fields.map(([name, value]) => ({ name, value: printable(value) })) };
  });
  if (view.error !== null) layers.push({ name: 'Error', fields: [{ name: 'Reason', value: printable(errorText(view.error)) }] });
  return { ...row, captured: frame.frame.length, layers, hex: hexDump(frame.frame, HEX_LIMIT).join('\n') };
}
