/** States as a sign and a word: nothing is said by colour alone. */
import type { Alert } from '../../api/contract.ts';
import { Icon, type IconName } from './icons.tsx';

export type Tone = 'good' | 'bad' | 'warn' | 'quiet';

const signs: Record<Tone, IconName> = { good: 'check', bad: 'cross', warn: 'alerts', quiet: 'unknown' };

export function Mark({ tone, text, icon, testId, title }: { tone: Tone; text: string; icon?: IconName; testId?: string; title?: string }) {
  return (
    <span className="mark" data-tone={tone} data-testid={testId} title={title}>
      <Icon name={icon ?? signs[tone]} /> {text}
    </span>
  );
}

const steps: Record<Alert['severity'], number> = { info: 1, low: 2, medium: 3, high: 4, critical: 5 };

/** Five bars, as many filled as the severity has steps, and its name. */
export function SeverityMark({ severity }: { severity: Alert['severity'] }) {
  const step = steps[severity] ?? 1;
  return (
    <span className="severity" data-severity={severity}>
      <svg viewBox="0 0 19 12" width="1.5em" height="0.95em" aria-hidden="true">
        {[1, 2, 3, 4, 5].map((bar) => (
          <rect key={bar} x={(bar - 1) * 4} y={10 - bar * 2} width="3" height={bar * 2 + 2} className={bar <= step ? 'filled' : 'open'} />
        ))}
      </svg>
      {severity}
    </span>
  );
}
