/** Everything about one packet: its line between rules, every header's fields, and its first bytes. */
import { describeLayer } from './describe.ts';
import { hexDump } from './hex-dump.ts';
import { errorText, type PacketStamp, packetLine } from './line.ts';
import { printable } from './text.ts';
import type { PacketView } from './view.ts';

const WIDTH = 80;

/** Several lines, joined by `\n`, without one at the end. */
export function packetDetail(view: PacketView, stamp: PacketStamp, frame: Uint8Array): string {
  const lines = ['='.repeat(WIDTH), packetLine(view, stamp), '-'.repeat(WIDTH)];
  for (const layer of view.layers) {
    const { title, fields } = describeLayer(layer);
    const width = Math.max(0, ...fields.map(([label]) => label.length)) + 2;
    lines.push(`  ${title}:`);
    for (const [label, value] of fields) lines.push(`    ${`${label}:`.padEnd(width)}${value}`);
  }
  if (view.error !== null) lines.push(`  Error: ${errorText(view.error)}`);
  lines.push(`  Payload: ${view.payload.length} bytes (${view.payload.capturedLength} captured)`);
  lines.push(`  Hex Dump (${frame.length} bytes${frame.length < view.wireLength ? ` of ${view.wireLength}` : ''}):`);
  for (const row of hexDump(frame)) lines.push(`    ${row}`);
  return lines.map(printable).join('\n');
}
