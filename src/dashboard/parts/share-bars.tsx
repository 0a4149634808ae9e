/** Parts of a whole as labelled bars: the label is the key, so colour carries nothing. */
import type { ReactNode } from 'react';
import { formatShare } from '../text/units.ts';
import { Name } from './name.tsx';

export interface Share {
  name: string;
  amount: number;
  text: string;
  aside?: ReactNode;
}

export function ShareBars({ shares, label, testId }: { shares: readonly Share[]; label: string; testId?: string }) {
  const total = shares.reduce((sum, { amount }) => sum + amount, 0);
  const most = shares.reduce((top, { amount }) => Math.max(top, amount), 0);
  return (
    <ul className="shares" aria-label={label}>
      {shares.map(({ name, amount, text, aside }) => (
        <li key={name} data-testid={testId} data-key={name} data-value={amount}>
          <span className="share-name">
            <Name text={name} />
          </span>
          <span className="share-bar" aria-hidden="true">
            <span style={{ width: `${most > 0 ? Math.max(0.5, (amount / most) * 100) : 0}%` }} />
          </span>
          <span className="share-amount">{text}</span>
          <span className="share-part">{formatShare(amount, total)}</span>
          {aside !== undefined && <span className="share-aside">{aside}</span>}
        </li>
      ))}
    </ul>
  );
}
