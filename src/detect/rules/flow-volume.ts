import { endpointText } from '../endpoint.ts';
import type { CloseEvent, FlowTuple, VolumeEvent } from '../events.ts';
import { defineRule } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { tupleOf } from '../state/timed-flows.ts';

const MOST_FLOWS_KNOWN = 16_384;
/** A mean over less than this is a burst; shorter flows are taken as this long. */
const LEAST_NS = 1e9;

interface Sums {
  bytes: number;
  packets: number;
}

const keyOf = (flow: FlowTuple & { readonly firstAt: number }) =>
  `${flow.protocol} ${flow.sourcePort} ${flow.targetPort} ${flow.firstAt} ${flow.source}${flow.target}`;

export const flowVolume = defineRule({
  kind: 'flow_volume',
  title: 'Flow above a byte or packet rate',
  description:
    'The mean rate of a flow since its beginning, both directions, exceeds a number of bytes or packets per second. Judged ' +
    'when the flow tells its volume and at its end; flows shorter than a second are taken as one second long.',
  severity: 'medium',
  confidence: 0.3,
  mitre: [],
  enabled: false,
  cooldownSecs: 300,
  isolated: true,
  settings: {
    byte_rate: { value: 1_000_000, least: 1, most: 1e12, unit: 'bytes/s', description: 'Mean bytes per second that are exceeded' },
    packet_rate: { value: 100, least: 1, most: 1e9, unit: 'packets/s', description: 'Mean packets per second that are exceeded' },
  },
  create(context) {
    const { settings } = context;
    const { byte_rate: byteRate, packet_rate: packetRate } = settings;
    const flows = new BoundedMap<Sums>(MOST_FLOWS_KNOWN);

    const judge = (event: VolumeEvent | CloseEvent, { bytes, packets }: Sums, until: number) => {
      const secs = Math.max(until - event.firstAt, LEAST_NS) / 1e9;
      if (bytes / secs <= byteRate && packets / secs <= packetRate) return;
      const source = endpointText(context.text(event.source), event.sourcePort);
      const target = endpointText(context.text(event.target), event.targetPort);
      context.raise({
        at: event.at,
        firstAt: event.firstAt,
        source,
        target,
        observed: { byte_rate: Math.round(bytes / secs), packet_rate: Math.round(packets / secs), bytes, packets },
        threshold: { byte_rate: byteRate, packet_rate: packetRate },
        windowSecs: Math.ceil(secs),
        description: `The flow from ${source} to ${target} carries ${Math.round(bytes / secs)} bytes/s and ${Math.round(packets / secs)} packets/s`,
        flows: [tupleOf(event)],
      });
    };

    return {
      volume(event) {
        const sums = flows.obtain(keyOf(event), () => ({ bytes: 0, packets: 0 }));
        sums.bytes += event.bytesUp + event.bytesDown;
        sums.packets += event.packetsUp + event.packetsDown;
        judge(event, sums, event.lastAt);
      },
      close(event) {
        flows.delete(keyOf(event));
        judge(event, { bytes: event.bytesUp + event.bytesDown, packets: event.packetsUp + event.packetsDown }, event.lastAt);
      },
    };
  },
});
