import type { Accounting, AlertPage } from '../../api/contract.ts';
import { useLive, useRefresh } from '../live/live.tsx';
import { paths, withQuery } from '../live/paths.ts';
import { useAnswer } from '../live/use-answer.ts';
import { AlertList } from '../parts/alert-list.tsx';
import { Downloads } from '../parts/downloads.tsx';
import { LossPanel } from '../parts/loss-panel.tsx';
import { Page } from '../parts/page.tsx';
import { PageLink } from '../parts/page-link.tsx';
import { Panel } from '../parts/panel.tsx';
import { ProtocolMix } from '../parts/protocol-mix.tsx';
import { StatLine } from '../parts/stat-line.tsx';
import { AnswerView, Empty, Loading } from '../parts/states.tsx';
import { LargestFlows, TopTalkers } from '../parts/talkers.tsx';
import { ThroughputPanel } from '../parts/throughput-panel.tsx';

const RECENT = 8;

function RecentAlerts() {
  const { alertChanges } = useLive();
  const answer = useAnswer<AlertPage>(withQuery(paths.alerts, { limit: RECENT }), useRefresh(5000), true, alertChanges);
  return (
    <Panel title="Recent alerts" flush aside={<PageLink to="/alerts">All alerts</PageLink>}>
      <AnswerView answer={answer}>
        {({ alerts }) => <AlertList alerts={alerts} label="Recent alerts" empty="No alerts so far." />}
      </AnswerView>
    </Panel>
  );
}

export function OverviewPage() {
  const { frame, connection } = useLive();
  const ledger = useAnswer<Accounting>(paths.accounting, useRefresh(5000), true);
  if (frame === null) {
    return (
      <Page name="overview" title="Overview">
        {connection.state === 'open' ? (
          <Empty title="Nothing measured yet.">The first numbers come with the first tick of packet time.</Empty>
        ) : (
          <Loading lines={8} />
        )}
      </Page>
    );
  }
  const { stats, top } = frame;
  return (
    <Page name="overview" title="Overview" aside={<Downloads path={paths.protocols} name="protocols" />}>
      <StatLine stats={stats} />
      <div className="columns wide-first">
        <ThroughputPanel time={stats.time} />
        <LossPanel stats={stats} ledger={ledger.value} />
      </div>
      <div className="columns wide-last">
        <Panel title="Protocols" aside={<span className="faint">by bytes</span>}>
          <ProtocolMix protocols={stats.protocols} />
        </Panel>
        {stats.sensor.state === 'ended' ? <LargestFlows /> : <TopTalkers top={top} />}
      </div>
      <RecentAlerts />
    </Page>
  );
}
