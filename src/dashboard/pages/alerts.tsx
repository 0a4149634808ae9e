import { Switch } from '@mantine/core';
import { useState } from 'react';
import { useLive } from '../live/live.tsx';
import { readAlerts } from '../live/page-readers.ts';
import { paths, withQuery } from '../live/paths.ts';
import { usePages } from '../live/use-pages.ts';
import { AlertDrawer } from '../parts/alert-drawer.tsx';
import { AlertList } from '../parts/alert-list.tsx';
import { ChoiceField } from '../parts/choice-field.tsx';
import { Downloads } from '../parts/downloads.tsx';
import { More } from '../parts/more.tsx';
import { Page } from '../parts/page.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { Failed, Loading } from '../parts/states.tsx';
import { goQuery, type Place, usePlace } from '../router.ts';

const LIMIT = 200;

const severities = [
  { value: '', label: 'Any severity' },
  { value: 'low', label: 'Low and above' },
  { value: 'medium', label: 'Medium and above' },
  { value: 'high', label: 'High and above' },
  { value: 'critical', label: 'Critical' },
];

const states = [
  { value: '', label: 'Seen or not' },
  { value: 'false', label: 'Not acknowledged' },
  { value: 'true', label: 'Acknowledged' },
];

function AlertFilters({ place }: { place: Place }) {
  const { query } = place;
  const value = (name: string) => query.get(name) ?? '';
  const change = (name: string) => (text: string) => goQuery(place, { [name]: text });
  return (
    <div className="filters">
      <SearchField first label="Kind, as the rule is named" placeholder="Kind" value={value('kind')} onChange={change('kind')} />
      <SearchField label="Source" value={value('source')} onChange={change('source')} />
      <SearchField label="Target" value={value('target')} onChange={change('target')} />
      <ChoiceField label="Severity" choices={severities} value={value('severity')} onChange={change('severity')} />
      <ChoiceField label="Acknowledged" choices={states} value={value('acknowledged')} onChange={change('acknowledged')} />
      <Switch
        size="xs"
        label="Suppressed too"
        checked={value('suppressed') === 'true'}
        onChange={(event) => change('suppressed')(event.currentTarget.checked ? 'true' : '')}
      />
    </div>
  );
}

export function AlertsPage() {
  const place = usePlace();
  const { query } = place;
  const { alertChanges } = useLive();
  const [seen, setSeen] = useState(alertChanges);
  const filters = Object.fromEntries(
    ['kind', 'source', 'target', 'severity', 'acknowledged', 'suppressed'].map((name) => [name, query.get(name)]),
  );
  const path = withQuery(paths.alerts, { ...filters, limit: LIMIT });
  const pages = usePages(path, readAlerts);
  const changed = alertChanges - seen;
  const readAgain = () => {
    setSeen(alertChanges);
    pages.reload();
  };
  const filtered = Object.values(filters).some((value) => value !== null);
  return (
    <Page name="alerts" title="Alerts" aside={<Downloads rows path={path} name="alerts" />}>
      <AlertFilters place={place} />
      {changed > 0 && (
        <p className="news" role="status">
          {changed === 1 ? '1 alert has come or changed.' : `${changed} alerts have come or changed.`}{' '}
          <button type="button" className="plain" onClick={readAgain}>
            Read again
          </button>
        </p>
      )}
      <div className="panel">
        {pages.failure !== null && !pages.ready && <Failed failure={pages.failure} again={pages.reload} />}
        {!pages.ready && pages.failure === null && <Loading lines={10} />}
        {pages.ready && (
          <AlertList
            alerts={pages.rows}
            label="Alerts"
            empty={filtered ? 'No alert matches these filters.' : 'No alerts so far.'}
            selected={query.get('alert')}
          />
        )}
      </div>
      {pages.ready && pages.rows.length > 0 && <More pages={pages} what="alerts" />}
      <AlertDrawer id={query.get('alert')} onClose={() => goQuery(place, { alert: null })} onChange={readAgain} />
    </Page>
  );
}
