/** How flows look in every table. */
import type { Flow } from '../../api/contract.ts';
import { visibleText } from '../text/visible.ts';
import { Name } from './name.tsx';

type End = Flow['initiator'];

/** `192.0.2.10:443`, `[2001:db8::1]:443`. */
export function endText({ ip, port }: End): string {
  if (port === null) return ip;
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export const appText = ({ app, protocol }: Flow): string => app ?? protocol;

export function FlowEndCell({ end }: { end: End }) {
  const title = [end.name, endText(end), end.mac, end.country, end.asn]
    .filter((part): part is string => part !== null)
    .map((part) => visibleText(part));
  return (
    <bdi className="name mono" title={title.join('\n')}>
      {visibleText(endText(end))}
    </bdi>
  );
}

/** Both ends on two lines, for narrow windows. */
export function FlowLines({ flow }: { flow: Flow }) {
  return (
    <span className="two-lines">
      <FlowEndCell end={flow.initiator} />
      <span className="second">
        → <FlowEndCell end={flow.responder} />
      </span>
    </span>
  );
}

export function ProtocolCell({ flow }: { flow: Flow }) {
  return (
    <span className="name" title={`${visibleText(appText(flow))} over ${visibleText(flow.protocol)}`}>
      <Name text={appText(flow)} />
      {flow.app !== null && flow.app !== flow.protocol && <span className="faint"> {visibleText(flow.protocol)}</span>}
    </span>
  );
}
