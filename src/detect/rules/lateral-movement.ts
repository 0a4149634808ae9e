import { INSIDE, isInside } from '../address-class.ts';
import { endpointText } from '../endpoint.ts';
import type { AnswerEvent } from '../events.ts';
import { gateFront } from '../row-front.ts';
import { defineRule } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { SlidingSet } from '../state/sliding-set.ts';
import { TimedFlows } from '../state/timed-flows.ts';

const TCP = 6;
/** SSH, MS-RPC, NetBIOS session, SMB, RDP, WinRM without and with TLS. */
const ADMIN_PORTS = new Set([22, 135, 139, 445, 3389, 5985, 5986]);
const MOST_SOURCES = 2048;
/** Contacts that are remembered, of all sources together. */
const MOST_CONTACTS = 65_536;
const MOST_TARGETS = 256;

interface Source {
  readonly targets: SlidingSet;
  readonly flows: TimedFlows;
}

export const lateralMovement = defineRule({
  kind: 'lateral_movement',
  title: 'Administration of many new internal hosts',
  description:
    'An internal host reaches remote administration (22, 135, 139, 445, 3389, 5985, 5986) on several internal hosts that it ' +
    'never administered before. Only answered contacts count. A host that was reached once is known from then on, so that ' +
    'scanners, monitors and backup servers are silent after their first round; while the sensor itself is new, and that ' +
    'first round can still be theirs, a finding is of medium severity.',
  severity: 'high',
  confidence: 0.7,
  mitre: [{ technique: 'T1021', name: 'Remote Services', tactic: 'lateral-movement' }],
  enabled: true,
  cooldownSecs: 3600,
  settings: {
    hosts: { value: 5, least: 2, most: MOST_TARGETS, unit: 'hosts', description: 'New internal hosts in the window' },
    window_secs: { value: 300, least: 1, most: 86_400, unit: 's', description: 'Sliding window' },
    learn_secs: {
      value: 3600,
      least: 0,
      most: 2_592_000,
      unit: 's',
      description: 'Capture time during which findings are of medium severity',
    },
  },
  create(context) {
    const { settings } = context;
    const { hosts, window_secs: windowSecs, learn_secs: learnSecs } = settings;
    const windowNs = windowSecs * 1e9;
    const contacts = new BoundedMap<true>(MOST_CONTACTS);
    const sources = new BoundedMap<Source>(MOST_SOURCES);
    /** When the first row came. */
    const began = Float64Array.of(Number.NaN);

    const isNew = ({ source, target }: AnswerEvent) => {
      const key = source + target;
      const known = contacts.peek(key) === true;
      contacts.obtain(key, () => true);
      return !known;
    };

    const judge = (event: AnswerEvent, number: number) => {
      const { at, source, target, targetPort } = event;
      if (source === target || !context.isInternal(source) || !context.isInternal(target) || !isNew(event)) return;
      const state = sources.obtain(source, () => ({ targets: new SlidingSet(windowNs, MOST_TARGETS), flows: new TimedFlows() }));
      const count = state.targets.add(target, at);
      state.flows.add(event, at);
      if (count < hosts) return;
      const name = context.text(source);
      const learning = at - began[0] < learnSecs * 1e9;
      context.raise(
        {
          at,
          firstAt: state.targets.firstAt,
          source: name,
          target: null,
          observed: { hosts: count, last_target: endpointText(context.text(target), targetPort) },
          threshold: { hosts },
          windowSecs,
          description: `${name} reached remote administration on ${count} internal hosts within ${windowSecs} s that it never used before`,
          flows: state.flows.since(at - windowNs),
          ...(learning ? { severity: 'medium', confidence: 0.5 } : {}),
        },
        number,
      );
    };

    return {
      answerFront: gateFront({ accepted: true, protocols: [TCP], ports: { only: ADMIN_PORTS }, target: INSIDE, began }),
      tick({ at }) {
        if (Number.isNaN(began[0])) began[0] = at;
      },
      answerRow({ entries, offsets, times, numbers, targets }, row) {
        if (Number.isNaN(began[0])) began[0] = times[0];
        const offset = offsets[row];
        if (!ADMIN_PORTS.has(entries.targetPort(offset)) || !entries.isAccepted(offset) || entries.protocol(offset) !== TCP) return;
        if (!isInside(targets[row])) return;
        judge(entries.answer(offset, times[row], null), numbers[row]);
      },
    };
  },
});
