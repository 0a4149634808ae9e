import { Button } from '@mantine/core';
import { goQuery, type Place } from '../router.ts';
import { ChoiceField } from './choice-field.tsx';
import { SearchField } from './search-field.tsx';

/** Filters of the list of flows, by the API's names. */
export const flowFilters = ['address', 'port', 'protocol', 'app', 'host', 'mac', 'direction', 'community_id'] as const;

const directions = [
  { value: '', label: 'Any direction' },
  { value: 'inbound', label: 'Inbound' },
  { value: 'outbound', label: 'Outbound' },
  { value: 'local', label: 'Local' },
  { value: 'lateral', label: 'Lateral' },
  { value: 'unknown', label: 'Unknown direction' },
];

const typed: { name: (typeof flowFilters)[number]; label: string; placeholder: string }[] = [
  { name: 'address', label: 'Address or network', placeholder: 'Address or network' },
  { name: 'port', label: 'Port', placeholder: 'Port' },
  { name: 'protocol', label: 'Transport protocol', placeholder: 'Transport' },
  { name: 'app', label: 'Application', placeholder: 'Application' },
  { name: 'host', label: 'Part of the host name', placeholder: 'Host name' },
];

export function FlowFilters({ place }: { place: Place }) {
  const any = flowFilters.some((name) => place.query.has(name));
  const kept = (['mac', 'community_id'] as const).filter((name) => place.query.has(name));
  return (
    <div className="filters">
      {typed.map(({ name, label, placeholder }, at) => (
        <SearchField
          key={name}
          first={at === 0}
          label={label}
          placeholder={placeholder}
          value={place.query.get(name) ?? ''}
          onChange={(value) => goQuery(place, { [name]: value })}
        />
      ))}
      <ChoiceField
        label="Direction"
        choices={directions}
        value={place.query.get('direction') ?? ''}
        onChange={(direction) => goQuery(place, { direction })}
      />
      {kept.map((name) => (
        <span key={name} className="faint">
          {name === 'mac' ? 'device' : 'community'} {place.query.get(name)}
        </span>
      ))}
      {any && (
        <Button size="xs" variant="subtle" onClick={() => goQuery(place, Object.fromEntries(flowFilters.map((name) => [name, null])))}>
          Clear
        </Button>
      )}
    </div>
  );
}
