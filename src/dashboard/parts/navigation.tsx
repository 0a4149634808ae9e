import { useLive } from '../live/live.tsx';
import { usePlace } from '../router.ts';
import { Icon, type IconName } from './icons.tsx';
import { PageLink } from './page-link.tsx';

interface PageEntry {
  to: string;
  title: string;
  icon: IconName;
  /** After `g`. */
  key: string;
}

export const pages: readonly PageEntry[] = [
  { to: '/', title: 'Overview', icon: 'overview', key: 'o' },
  { to: '/devices', title: 'Devices', icon: 'devices', key: 'd' },
  { to: '/flows', title: 'Flows', icon: 'flows', key: 'f' },
  { to: '/alerts', title: 'Alerts', icon: 'alerts', key: 'a' },
  { to: '/topology', title: 'Topology', icon: 'topology', key: 't' },
  { to: '/packets', title: 'Packets', icon: 'packets', key: 'k' },
  { to: '/health', title: 'Capture health', icon: 'health', key: 'h' },
];

export function Navigation({ onGo }: { onGo: () => void }) {
  const { path } = usePlace();
  const { alerts } = useLive();
  const open = alerts.filter(({ acknowledged, suppressed }) => acknowledged === null && !suppressed).length;
  const isCurrent = (to: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`));
  return (
    <ul className="navigation">
      {pages.map(({ to, title, icon }) => (
        <li key={to}>
          <PageLink to={to} className="navigation-link" current={isCurrent(to)} onGo={onGo}>
            <Icon name={icon} />
            <span>{title}</span>
            {to === '/alerts' && open > 0 && (
              <span className="navigation-count" title={`${open} since this page was opened`}>
                {open}
              </span>
            )}
          </PageLink>
        </li>
      ))}
    </ul>
  );
}
