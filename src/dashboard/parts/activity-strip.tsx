/** When a device talked to whom: a line per peer, a bar per flow. */
import type { Flow } from '../../api/contract.ts';
import { localTime } from '../text/times.ts';
import { formatBytes, formatCount } from '../text/units.ts';
import { visibleText } from '../text/visible.ts';
import { appText } from './flow-cells.tsx';
import { Name } from './name.tsx';
import { Panel } from './panel.tsx';
import { When } from './when.tsx';

const MOST_PEERS = 12;
/** Flows shorter than a pixel are still seen. */
const LEAST_WIDTH = 0.3;

interface Lane {
  peer: string;
  bytes: number;
  flows: Flow[];
}

function lanesOf(flows: readonly Flow[]): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const flow of flows) {
    const peer = flow.responder.name ?? flow.responder.ip;
    const lane = lanes.get(peer) ?? { peer, bytes: 0, flows: [] };
    lane.bytes += flow.bytes;
    lane.flows.push(flow);
    lanes.set(peer, lane);
  }
  return [...lanes.values()].sort((a, b) => b.bytes - a.bytes);
}

export function ActivityStrip({ flows, complete }: { flows: readonly Flow[]; complete: boolean }) {
  const lanes = lanesOf(flows);
  const from = flows.reduce((first, { first_seen }) => Math.min(first, first_seen), Number.POSITIVE_INFINITY);
  const to = flows.reduce((last, { last_seen }) => Math.max(last, last_seen), 0);
  const span = Math.max(to - from, 0.001);
  const place = (time: number) => ((time - from) / span) * 100;
  const shown = lanes.slice(0, MOST_PEERS);
  return (
    <Panel
      title="Timeline"
      aside={<span className="faint">{complete ? 'all stored flows' : `the ${formatCount(flows.length)} flows read below`}</span>}
    >
      <ul className="lanes" aria-label={`Flows by responder from ${localTime(from)} to ${localTime(to)}`}>
        {shown.map(({ peer, bytes, flows: own }) => (
          <li key={peer}>
            <span className="lane-name">
              <Name text={peer} />
            </span>
            <svg className="lane" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              {own.map((flow) => (
                <rect
                  key={flow.flow_id}
                  x={place(flow.first_seen)}
                  y="1"
                  height="8"
                  width={Math.max(LEAST_WIDTH, place(flow.last_seen) - place(flow.first_seen))}
                >
                  <title>{visibleText(`${appText(flow)}, ${formatBytes(flow.bytes)}, ${localTime(flow.first_seen)}`)}</title>
                </rect>
              ))}
            </svg>
            <span className="lane-sum">
              {formatCount(own.length)} {own.length === 1 ? 'flow' : 'flows'}, {formatBytes(bytes)}
            </span>
          </li>
        ))}
      </ul>
      <div className="lane-axis">
        <When at={from} />
        {lanes.length > MOST_PEERS && <span>{formatCount(lanes.length - MOST_PEERS)} more peers</span>}
        <When at={to} />
      </div>
    </Panel>
  );
}
