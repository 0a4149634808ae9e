/** One alert: what was seen, against which threshold, why that matters, and the packets that show it. */
import { Button, Drawer, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { AlertDetail } from '../../api/contract.ts';
import { paths } from '../live/paths.ts';
import { postJson, RequestFailure } from '../live/request.ts';
import { useIsAdmin } from '../live/session.tsx';
import { useAnswer } from '../live/use-answer.ts';
import { testIds } from '../test-ids.ts';
import { formatCount, formatDuration } from '../text/units.ts';
import { fieldLabel, valueText, visibleText } from '../text/visible.ts';
import { type Fact, Facts } from './facts.tsx';
import { Icon } from './icons.tsx';
import { SeverityMark } from './mark.tsx';
import { Name } from './name.tsx';
import { PageLink } from './page-link.tsx';
import { AnswerView } from './states.tsx';
import { When } from './when.tsx';

/** Flows named in an alert that are listed here. */
const MOST_FLOWS = 20;

function Acknowledge({ alert, onChange }: { alert: AlertDetail; onChange: () => void }) {
  const admin = useIsAdmin();
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const send = (undo: boolean) => {
    setBusy(true);
    setFailure(null);
    postJson(paths.acknowledge(alert.alert_id), undo ? undefined : { note }, undo ? 'DELETE' : 'POST')
      .then(onChange, (error: unknown) => setFailure(error instanceof RequestFailure ? visibleText(error.message) : 'That did not work.'))
      .finally(() => setBusy(false));
  };
  const seen = alert.acknowledged;
  return (
    <section className="drawer-section">
      <h3>Acknowledgement</h3>
      {seen !== null && (
        <p>
          <Name text={seen.by} />, <When at={seen.at} />
          {seen.note !== null && seen.note !== '' && <>: {visibleText(seen.note)}</>}
        </p>
      )}
      {seen === null && !admin && <p className="faint">Not acknowledged. Only an administrator can do that.</p>}
      {failure !== null && (
        <p className="stale" role="alert">
          {failure}
        </p>
      )}
      {admin && seen === null && (
        <div className="acknowledge">
          <TextInput
            size="xs"
            aria-label="Note"
            placeholder="Note, if there is one"
            maxLength={1000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Button size="xs" loading={busy} data-testid={testIds.alertAcknowledge} onClick={() => send(false)}>
            Acknowledge
          </Button>
        </div>
      )}
      {admin && seen !== null && (
        <Button size="xs" variant="default" loading={busy} data-testid={testIds.alertAcknowledge} onClick={() => send(true)}>
          Take it back
        </Button>
      )}
    </section>
  );
}

/** What was observed beside the threshold of the same name. */
function Measured({ alert }: { alert: AlertDetail }) {
  const names = [...new Set([...Object.keys(alert.observed), ...Object.keys(alert.threshold)])];
  if (names.length === 0) return null;
  return (
    <section className="drawer-section">
      <h3>Measured</h3>
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Quantity</th>
            <th scope="col" className="end">
              Observed
            </th>
            <th scope="col" className="end">
              Threshold
            </th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <td>{fieldLabel(name)}</td>
              <td className="end">{valueText(alert.observed[name])}</td>
              <td className="end">{valueText(alert.threshold[name])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Evidence({ alert }: { alert: AlertDetail }) {
  const { evidence } = alert;
  return (
    <section className="drawer-section">
      <h3>Evidence</h3>
      {evidence === null || evidence.pcap === null ? (
        <p className="faint">No packets were kept for this alert.</p>
      ) : (
        <p>
          <a
            className="download"
            href={paths.alertEvidence(alert.alert_id)}
            download={`alert-${alert.alert_id}.pcapng`}
            data-testid={testIds.alertEvidence}
          >
            <Icon name="download" /> {formatCount(evidence.packets)} packets, pcapng
          </a>{' '}
          <span className="faint">{evidence.complete ? 'complete' : 'not all: some were gone already'}</span>
        </p>
      )}
      {alert.flows.length > 0 && (
        <ul className="flow-links">
          {alert.flows.slice(0, MOST_FLOWS).map((id) => (
            <li key={id}>
              <PageLink to={`/flows?state=ended&community_id=${encodeURIComponent(id)}`}>
                Flow <Name text={id} mono />
              </PageLink>
            </li>
          ))}
          {alert.flows.length > MOST_FLOWS && <li className="faint">and {formatCount(alert.flows.length - MOST_FLOWS)} more flows</li>}
        </ul>
      )}
    </section>
  );
}

function AlertFacts({ alert, onChange }: { alert: AlertDetail; onChange: () => void }) {
  const facts: Fact[] = [
    ['Severity', <SeverityMark key="severity" severity={alert.severity} />],
    ['Confidence', `${Math.round(alert.confidence * 100)} %`],
    ['Source', <Name key="source" text={alert.source ?? '–'} mono />],
    ['Target', <Name key="target" text={alert.target ?? '–'} mono />],
    ['Times', formatCount(alert.count)],
    ['First', <When key="first" at={alert.first_seen} />],
    ['Last', <When key="last" at={alert.last_seen} />],
    ['Window', formatDuration(alert.window_secs)],
    [
      'MITRE ATT&CK',
      alert.mitre.length === 0
        ? '–'
        : alert.mitre.map(({ technique, name, tactic }) => visibleText(`${technique} ${name} (${tactic})`)).join(', '),
    ],
  ];
  return (
    <>
      <p className="alert-text">{visibleText(alert.description)}</p>
      <p className="explanation">{visibleText(alert.explanation)}</p>
      <Facts facts={facts} />
      <Measured alert={alert} />
      <Evidence alert={alert} />
      <Acknowledge key={alert.alert_id} alert={alert} onChange={onChange} />
    </>
  );
}

export function AlertDrawer({ id, onClose, onChange }: { id: string | null; onClose: () => void; onChange: () => void }) {
  const answer = useAnswer<AlertDetail>(id === null ? null : paths.alert(id));
  const title = answer.value === null ? 'Alert' : fieldLabel(answer.value.kind);
  const changed = () => {
    answer.reload();
    onChange();
  };
  return (
    <Drawer
      opened={id !== null}
      onClose={onClose}
      position="right"
      size="min(36rem, 100vw)"
      title={title}
      closeButtonProps={{ 'aria-label': 'Close' }}
      data-testid={testIds.alertDrawer}
    >
      {id !== null && (
        <AnswerView answer={answer} lines={10}>
          {(alert) => <AlertFacts alert={alert} onChange={changed} />}
        </AnswerView>
      )}
    </Drawer>
  );
}
