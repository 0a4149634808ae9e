import type { MouseEvent, ReactNode } from 'react';
import { go } from '../router.ts';

interface PageLinkProps {
  to: string;
  children: ReactNode;
  className?: string;
  current?: boolean;
  onGo?: () => void;
}

/** A link to a page of the dashboard; with a modifier key the browser does what it always does. */
export function PageLink({ to, children, className = 'link', current = false, onGo }: PageLinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    go(to);
    onGo?.();
  };
  return (
    <a href={`#${to}`} className={className} onClick={follow} aria-current={current ? 'page' : undefined}>
      {children}
    </a>
  );
}
