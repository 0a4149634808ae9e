/** Hands a packet of the tap to those who asked for it. */
import type { EventEmitter } from 'node:events';
import type { TapPacket } from './packet/tap-reader.ts';
import { TapReason } from './ring/layout.ts';
import type { SensorEvents } from './sensor-events.ts';
import type { Outputs } from './sensor-outputs.ts';

/** `outputs` write every packet, and those that were taken for others not; but for what devices say. */
export function passOn(
  packet: TapPacket,
  events: EventEmitter<SensorEvents>,
  outputs: Pick<Outputs, 'packet' | 'discovered'> | null,
): void {
  if ((packet.selected & TapReason.ALL) !== 0) {
    outputs?.packet(packet);
    events.emit('packet', packet);
  }
  if ((packet.selected & TapReason.SAMPLE) !== 0) events.emit('sample', packet);
  if ((packet.selected & TapReason.DISCOVERY) !== 0) {
    outputs?.discovered(packet);
    events.emit('discovery', packet);
  }
}
