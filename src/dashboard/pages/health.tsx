import type { Accounting, Advice, Config, Health } from '../../api/contract.ts';
import { useRefresh } from '../live/live.tsx';
import { paths } from '../live/paths.ts';
import { useIsAdmin } from '../live/session.tsx';
import { useAnswer } from '../live/use-answer.ts';
import { Downloads } from '../parts/downloads.tsx';
import { Identities, Quality, Stages } from '../parts/ledger-view.tsx';
import { LedgerMark } from '../parts/loss-panel.tsx';
import { Mark, type Tone } from '../parts/mark.tsx';
import { Page } from '../parts/page.tsx';
import { Panel } from '../parts/panel.tsx';
import { SettingsPanel } from '../parts/settings-panel.tsx';
import { AnswerView, Empty } from '../parts/states.tsx';
import { testIds } from '../test-ids.ts';
import { formatCount } from '../text/units.ts';
import { fieldLabel, visibleText } from '../text/visible.ts';

const statusTones: Record<Health['status'], Tone> = { up: 'good', degraded: 'warn', down: 'bad' };
const statusWords: Record<Health['status'], string> = { up: 'Up', degraded: 'Degraded', down: 'Down' };
const adviceTones: Record<Advice['state'], Tone> = { ok: 'good', losing: 'bad', unknown: 'quiet' };

function Checks({ health }: { health: Health }) {
  if (health.checks.length === 0) return <Empty title="Nothing is checked." />;
  return (
    <ul className="checks">
      {health.checks.map(({ name, ok, detail }) => (
        <li key={name} data-testid={testIds.checkRow} data-ok={ok}>
          <Mark tone={ok ? 'good' : 'bad'} text={fieldLabel(name)} />
          <span>{visibleText(detail)}</span>
        </li>
      ))}
    </ul>
  );
}

function AdviceList({ health }: { health: Health }) {
  if (health.advice.length === 0) return <Empty title="No advice: nothing is known to lose packets." />;
  return (
    <ul className="checks">
      {health.advice.map(({ stage, state, lost, detail, remedy }) => (
        <li key={`${stage} ${detail}`} data-testid={testIds.adviceRow} data-state={state}>
          <Mark tone={adviceTones[state]} text={fieldLabel(stage)} />
          <span>
            {visibleText(detail)}
            {lost !== null && lost > 0 && <strong> {formatCount(lost)} lost.</strong>}
            {remedy !== null && <span className="remedy">{visibleText(remedy)}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Ledger({ accounting }: { accounting: Accounting }) {
  return (
    <>
      <Panel title="Identities" flush aside={<LedgerMark ledger={accounting} />}>
        <Identities identities={accounting.identities} />
      </Panel>
      <Panel title="Stages">
        <Stages stages={accounting.stages} />
      </Panel>
      <Panel title="Quality of what was captured">
        <Quality quality={accounting.quality} />
      </Panel>
    </>
  );
}

export function HealthPage() {
  const refresh = useRefresh(2000);
  const admin = useIsAdmin();
  const health = useAnswer<Health>(paths.health, refresh);
  const accounting = useAnswer<Accounting>(paths.accounting, refresh);
  const config = useAnswer<Config>(admin ? paths.config : null);
  const status = health.value?.status;
  return (
    <Page name="health" title="Capture health" aside={<Downloads path={paths.accounting} name="ledger" />}>
      <div className="columns">
        <Panel
          title="Checks"
          aside={status !== undefined && <Mark tone={statusTones[status]} text={statusWords[status]} testId={testIds.healthStatus} />}
        >
          <AnswerView answer={health}>{(value) => <Checks health={value} />}</AnswerView>
        </Panel>
        <Panel title="Where packets may be lost">
          <AnswerView answer={health}>{(value) => <AdviceList health={value} />}</AnswerView>
        </Panel>
      </div>
      <AnswerView answer={accounting} lines={10}>
        {(value) => <Ledger accounting={value} />}
      </AnswerView>
      {admin && (
        <Panel title="Settings in force">
          <AnswerView answer={config}>{(value) => <SettingsPanel config={value} />}</AnswerView>
        </Panel>
      )}
    </Page>
  );
}
