/** Names and values, two columns. */
import type { ReactNode } from 'react';
import { keyed } from '../text/keyed.ts';

export type Fact = [label: string, value: ReactNode];

export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="facts">
      {keyed(facts, ([label]) => label).map(({ key, item }) => (
        <div className="fact" key={key}>
          <dt>{item[0]}</dt>
          <dd>{item[1] ?? '–'}</dd>
        </div>
      ))}
    </dl>
  );
}
