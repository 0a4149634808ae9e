import { type ReactNode, useEffect } from 'react';

interface PageProps {
  /** For `data-testid`: `page-<name>`. */
  name: string;
  title: string;
  /** Shown in place of `title` as the heading. */
  heading?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}

export function Page({ name, title, heading, aside, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Weir`;
  }, [title]);
  return (
    <div className={`page page-${name}`} data-testid={`page-${name}`}>
      <header className="page-head">
        <h1 tabIndex={-1}>{heading ?? title}</h1>
        {aside !== undefined && <div className="page-aside">{aside}</div>}
      </header>
      {children}
    </div>
  );
}
