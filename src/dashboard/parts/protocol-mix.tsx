import type { Stats } from '../../api/contract.ts';
import { testIds } from '../test-ids.ts';
import { formatBytes, formatCount } from '../text/units.ts';
import { type Share, ShareBars } from './share-bars.tsx';
import { Empty } from './states.tsx';

const MOST = 9;

/** The largest protocols, and the others as one line. */
export function protocolShares(protocols: Stats['protocols'], most: number): Share[] {
  const all = Object.entries(protocols).sort(([, a], [, b]) => b.bytes - a.bytes);
  const top = all
    .slice(0, most)
    .map(([name, { bytes, flows }]) => ({ name, amount: bytes, text: formatBytes(bytes), aside: `${formatCount(flows)} flows` }));
  const rest = all.slice(most);
  if (rest.length === 0) return top;
  const bytes = rest.reduce((sum, [, part]) => sum + part.bytes, 0);
  const flows = rest.reduce((sum, [, part]) => sum + part.flows, 0);
  return [...top, { name: `${rest.length} others`, amount: bytes, text: formatBytes(bytes), aside: `${formatCount(flows)} flows` }];
}

export function ProtocolMix({ protocols }: { protocols: Stats['protocols'] }) {
  const shares = protocolShares(protocols, MOST);
  if (shares.length === 0) return <Empty title="No flows yet." />;
  return <ShareBars shares={shares} label="Protocols by bytes" testId={testIds.protocolRow} />;
}
