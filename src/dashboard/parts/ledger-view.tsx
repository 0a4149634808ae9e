/** The ledger for people: what must be equal to what, and the counters of every stage. */
import type { Accounting } from '../../api/contract.ts';
import { testIds } from '../test-ids.ts';
import { formatCount } from '../text/units.ts';
import { fieldLabel, valueText, visibleText } from '../text/visible.ts';
import { type Fact, Facts } from './facts.tsx';
import { Mark } from './mark.tsx';

type Identity = Accounting['identities'][number];
type Term = Identity['left'];

const termText = ({ name, value }: Term): string =>
  `${visibleText(name).replaceAll('_', ' ')} ${value === null ? '?' : formatCount(value)}`;

/** Zero terms say nothing; where all are zero, the first is kept. */
function shownTerms(terms: readonly Term[]): readonly Term[] {
  const some = terms.filter(({ value }) => value !== 0);
  return some.length === 0 ? terms.slice(0, 1) : some;
}

function Holds({ holds }: { holds: boolean | null }) {
  if (holds === null) return <Mark tone="quiet" text="unknown" title="A term has no counter here, or packets are on their way" />;
  return holds ? <Mark tone="good" text="holds" /> : <Mark tone="bad" text="fails" />;
}

export function Identities({ identities }: { identities: readonly Identity[] }) {
  return (
    <ul className="identities">
      {identities.map(({ name, unit, left, right, holds }) => (
        <li key={`${name} ${unit}`} data-testid={testIds.identityRow} data-holds={String(holds)}>
          <span className="identity-name">
            {fieldLabel(name)} <span className="faint">{visibleText(unit)}</span>
          </span>
          <span className="identity-terms">
            {termText(left)} {holds === false ? '≠' : '='} {shownTerms(right).map(termText).join(' + ')}
          </span>
          <Holds holds={holds} />
        </li>
      ))}
    </ul>
  );
}

const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const counterText = (value: unknown): string =>
  typeof value === 'number' ? formatCount(value) : value === null ? 'not counted here' : valueText(value);

/** Counters of a stage; one level of reasons below a counter is listed under its name. */
function factsOf(stage: unknown): Fact[] {
  if (!isSection(stage)) return [['Value', counterText(stage)]];
  return Object.entries(stage).flatMap(([name, value]): Fact[] => {
    if (!isSection(value)) return [[fieldLabel(name), counterText(value)]];
    const reasons = Object.entries(value);
    if (reasons.length === 0) return [[fieldLabel(name), '0']];
    return reasons.map(([reason, count]): Fact => [`${fieldLabel(name)}: ${visibleText(reason).replaceAll('_', ' ')}`, counterText(count)]);
  });
}

export function Stages({ stages }: { stages: Accounting['stages'] }) {
  return (
    <div className="stages">
      {Object.entries(stages).map(([name, stage]) => (
        <section key={name} className="stage">
          <h3>{fieldLabel(name)}</h3>
          <Facts facts={factsOf(stage)} />
        </section>
      ))}
    </div>
  );
}

export function Quality({ quality }: { quality: Accounting['quality'] }) {
  return <Facts facts={Object.entries(quality).map(([name, value]): Fact => [fieldLabel(name), formatCount(value)])} />;
}
