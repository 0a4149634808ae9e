import type { ReactNode } from 'react';

interface StatProps {
  label: string;
  /** As shown: rounded, with its unit. */
  text: string;
  /** Unrounded, for tests and for people on hover. */
  value: number | null;
  testId: string;
  below?: ReactNode;
  tone?: 'calm' | 'warn' | 'bad';
}

export function Stat({ label, text, value, testId, below, tone = 'calm' }: StatProps) {
  const exact = value === null ? 'not known' : value.toLocaleString('en', { maximumFractionDigits: 3 });
  return (
    <div className="stat" data-tone={tone}>
      <div className="stat-label">{label}</div>
      <div className="stat-value" data-testid={testId} data-value={value ?? ''} title={exact}>
        {text}
      </div>
      <div className="stat-below">{below}</div>
    </div>
  );
}

/** A small number in running text that a test reads. */
export function Figure({ text, value, testId }: { text: string; value: number | null; testId: string }) {
  return (
    <span className="figure" data-testid={testId} data-value={value ?? ''}>
      {text}
    </span>
  );
}
