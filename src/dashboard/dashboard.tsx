import { MantineProvider } from '@mantine/core';
import { LiveProvider } from './live/live.tsx';
import { SessionProvider, useSession } from './live/session.tsx';
import { AlertsPage } from './pages/alerts.tsx';
import { DevicePage } from './pages/device.tsx';
import { DevicesPage } from './pages/devices.tsx';
import { FlowsPage } from './pages/flows.tsx';
import { HealthPage } from './pages/health.tsx';
import { LoginPage } from './pages/login.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { PacketsPage } from './pages/packets.tsx';
import { TopologyPage } from './pages/topology.tsx';
import { Page } from './parts/page.tsx';
import { PageLink } from './parts/page-link.tsx';
import { Shell } from './parts/shell.tsx';
import { Empty, Failed, Loading } from './parts/states.tsx';
import { usePlace } from './router.ts';
import { theme } from './theme.ts';

const byPath: Record<string, () => React.ReactNode> = {
  '/': () => <OverviewPage />,
  '/devices': () => <DevicesPage />,
  '/flows': () => <FlowsPage />,
  '/alerts': () => <AlertsPage />,
  '/topology': () => <TopologyPage />,
  '/packets': () => <PacketsPage />,
  '/health': () => <HealthPage />,
};

function NoPage() {
  return (
    <Page name="none" title="No such page">
      <Empty title="There is no page with this address.">
        <PageLink to="/">To the overview</PageLink>
      </Empty>
    </Page>
  );
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function CurrentPage() {
  const { path } = usePlace();
  const device = /^\/devices\/([^/]+)$/.exec(path)?.[1];
  if (device !== undefined) return <DevicePage key={device} mac={decodeSegment(device)} />;
  return Object.hasOwn(byPath, path) ? byPath[path]() : <NoPage />;
}

function Gate() {
  const { now, ask } = useSession();
  if (now.state === 'signed-out') return <LoginPage />;
  if (now.state === 'asking') return <Loading />;
  if (now.state === 'failed') return <Failed failure={now.failure} again={ask} />;
  return (
    <LiveProvider>
      <Shell>
        <CurrentPage />
      </Shell>
    </LiveProvider>
  );
}

/** `nonce`: of the content security policy, for style elements. */
export function Dashboard({ nonce }: { nonce: string }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <SessionProvider>
        <Gate />
      </SessionProvider>
    </MantineProvider>
  );
}
