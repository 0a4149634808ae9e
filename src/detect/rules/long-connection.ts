import { isExternal } from '../address-class.ts';
import { EntryKind } from '../batch.ts';
import { endpointText } from '../endpoint.ts';
import type { EntryReader } from '../entry-reader.ts';
import type { CloseEvent, FlowTuple, VolumeEvent } from '../events.ts';
import { gateFront } from '../row-front.ts';
import { defineRule, type Severity } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { tupleOf } from '../state/timed-flows.ts';

const MOST_FLOWS_KNOWN = 8192;
const TCP = 6;
const UDP = 17;

export const longConnection = defineRule({
  kind: 'long_connection',
  title: 'Connection that lasts for hours',
  description:
    "A connection of an internal host with an external one lasts as long as RITA's bands say: 1, 4, 8 and 12 hours. Each " +
    'band is told once for a connection, while it lasts when it moves data, else at its end.',
  severity: 'info',
  confidence: 0.3,
  mitre: [{ technique: 'T1571', name: 'Non-Standard Port', tactic: 'command-and-control' }],
  enabled: true,
  cooldownSecs: 86_400,
  isolated: true,
  settings: {
    base_secs: { value: 3600, least: 1, most: 2_592_000, unit: 's', description: 'First band (info)' },
    low_secs: { value: 14_400, least: 1, most: 2_592_000, unit: 's', description: 'Second band (info)' },
    medium_secs: { value: 28_800, least: 1, most: 2_592_000, unit: 's', description: 'Third band (low)' },
    high_secs: { value: 43_200, least: 1, most: 2_592_000, unit: 's', description: 'Fourth band (low)' },
  },
  create(context) {
    const { settings } = context;
    const bands = [settings.base_secs, settings.low_secs, settings.medium_secs, settings.high_secs];
    /** The band that was told last, by flow; only of flows that reached one. */
    const told = new BoundedMap<{ band: number }>(MOST_FLOWS_KNOWN);

    const bandOf = (durationNs: number) => {
      let band = -1;
      while (band + 1 < bands.length && durationNs >= bands[band + 1] * 1e9) band++;
      return band;
    };

    const judge = (event: VolumeEvent | CloseEvent, number: number) => {
      const duration = event.lastAt - event.firstAt;
      const band = bandOf(duration);
      if (band < 0 || (event.protocol !== TCP && event.protocol !== UDP)) return;
      if (!context.isInternal(event.source) || !isExternal(event.target, context)) return;
      const state = told.obtain(keyOf(event), () => ({ band: -1 }));
      if (state.band >= band) return;
      state.band = band;
      const source = context.text(event.source);
      const target = endpointText(context.text(event.target), event.targetPort);
      const severity: Severity = band >= 2 ? 'low' : 'info';
      context.raise(
        {
          at: event.at,
          firstAt: event.firstAt,
          source,
          target,
          key: `${source} ${target} ${band}`,
          observed: { duration_secs: Math.floor(duration / 1e9) },
          threshold: { duration_secs: bands[band] },
          windowSecs: bands[band],
          description: `${source} has been connected to ${target} for ${(duration / 3.6e12).toFixed(1)} hours`,
          flows: [tupleOf(event)],
          severity,
        },
        number,
      );
    };

    const leastNs = bands[0] * 1e9;
    const isShort = (entries: EntryReader, offset: number) => entries.lastAt(offset) - entries.firstAt(offset) < leastNs;

    const front = gateFront({ leastNs });
    return {
      volumeFront: front,
      closeFront: front,
      volumeRow({ entries, offsets, times, numbers }, row) {
        const offset = offsets[row];
        // What comes with an end is judged with it: then nothing has to be known of the flow in between.
        if (isShort(entries, offset) || entries.kind(offset) === EntryKind.CLOSE) return;
        judge(entries.volume(offset, times[row]), numbers[row]);
      },
      closeRow({ entries, offsets, times, numbers }, row) {
        const offset = offsets[row];
        if (isShort(entries, offset)) return;
        const event = entries.close(offset, times[row]);
        judge(event, numbers[row] - (entries.hasGrown(offset) ? 1 : 0));
        told.delete(keyOf(event));
      },
    };
  },
});

const keyOf = (flow: FlowTuple & { readonly firstAt: number }) =>
  `${flow.protocol} ${flow.sourcePort} ${flow.targetPort} ${flow.firstAt} ${flow.source}${flow.target}`;
