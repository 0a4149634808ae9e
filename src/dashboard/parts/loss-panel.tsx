import type { Accounting, Stats } from '../../api/contract.ts';
import { testIds } from '../test-ids.ts';
import { formatCount } from '../text/units.ts';
import { visibleText } from '../text/visible.ts';
import { type Fact, Facts } from './facts.tsx';
import { Mark } from './mark.tsx';
import { PageLink } from './page-link.tsx';
import { Panel } from './panel.tsx';

const counted = (value: number | null): string => (value === null ? 'not counted here' : formatCount(value));

export function LedgerMark({ ledger }: { ledger: Accounting | null }) {
  if (ledger === null) return <Mark tone="quiet" text="Not known yet" testId={testIds.ledgerState} />;
  const failing = ledger.identities.filter(({ holds }) => holds === false).length;
  const unknown = ledger.identities.filter(({ holds }) => holds === null).length;
  const all = ledger.identities.length;
  if (failing > 0) return <Mark tone="bad" text={`${failing} of ${all} identities fail`} testId={testIds.ledgerState} />;
  const rest = unknown > 0 ? `, ${unknown} not countable` : '';
  return <Mark tone="good" text={`${all - unknown} identities hold${rest}`} testId={testIds.ledgerState} />;
}

/** Where packets went missing, and whether every one of them is accounted for. */
export function LossPanel({ stats, ledger }: { stats: Stats; ledger: Accounting | null }) {
  const { loss, store } = stats;
  const facts: Fact[] = [
    ['Ledger', <LedgerMark key="ledger" ledger={ledger} />],
    ['Lost in the kernel', counted(loss.kernel)],
    ['Lost in the interface', counted(loss.interface)],
    ['Lost in our ring', counted(loss.ring)],
    ['Flow table', stats.emergency ? <Mark key="emergency" tone="warn" text="Emergency mode" /> : 'within its limits'],
    ['Records not stored', formatCount(store.dropped_records)],
    ['Records waiting', formatCount(store.backlog)],
  ];
  return (
    <Panel title="Loss ledger" aside={<PageLink to="/health">Capture health</PageLink>}>
      <Facts facts={facts} />
      {store.error !== null && (
        <p className="stale" role="alert">
          The store says: {visibleText(store.error)}
        </p>
      )}
    </Panel>
  );
}
