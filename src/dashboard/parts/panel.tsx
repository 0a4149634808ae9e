import { type ReactNode, useId } from 'react';

interface PanelProps {
  title: string;
  /** At the end of the title line. */
  aside?: ReactNode;
  children: ReactNode;
  /** Tables reach the border. */
  flush?: boolean;
  className?: string;
  testId?: string;
}

export function Panel({ title, aside, children, flush = false, className = '', testId }: PanelProps) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id} data-testid={testId}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div className="panel-aside">{aside}</div>}
      </header>
      <div className={flush ? 'panel-flush' : 'panel-body'}>{children}</div>
    </section>
  );
}
