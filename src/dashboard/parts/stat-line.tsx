import type { Stats } from '../../api/contract.ts';
import { testIds } from '../test-ids.ts';
import { formatBits, formatBytes, formatCount, formatRate, formatScaled, formatShare, UNKNOWN } from '../text/units.ts';
import { Figure, Stat } from './stat.tsx';

const severities = ['critical', 'high', 'medium', 'low', 'info'];

function AlertCounts({ counts }: { counts: Record<string, number> }) {
  const words = severities
    .filter((severity) => (counts[severity] ?? 0) > 0)
    .map((severity) => `${formatCount(counts[severity])} ${severity}`);
  return <>{words.length === 0 ? 'none' : words.slice(0, 2).join(', ')}</>;
}

export function StatLine({ stats }: { stats: Stats }) {
  const { flows } = stats;
  const lost = stats.loss.estimate;
  return (
    <div className="stats">
      <Stat
        label="Throughput"
        text={formatBits(stats.bps)}
        value={stats.bps}
        testId={testIds.bps}
        below={<Figure testId={testIds.bytesTotal} value={stats.bytes_total} text={`${formatBytes(stats.bytes_total)} in all`} />}
      />
      <Stat
        label="Packets"
        text={formatRate(stats.pps)}
        value={stats.pps}
        testId={testIds.pps}
        below={<Figure testId={testIds.packetsTotal} value={stats.packets_total} text={`${formatCount(stats.packets_total)} in all`} />}
      />
      <Stat
        label="Live flows"
        text={formatCount(flows.live)}
        value={flows.live}
        testId={testIds.flowsLive}
        below={<Figure testId={testIds.flowsCreated} value={flows.created} text={`${formatCount(flows.created)} in all`} />}
      />
      <Stat label="Devices" text={formatCount(stats.devices)} value={stats.devices} testId={testIds.devices} below="seen so far" />
      <Stat
        label="Alerts"
        text={formatCount(stats.alerts.total)}
        value={stats.alerts.total}
        testId={testIds.alerts}
        tone={(stats.alerts.by_severity.critical ?? 0) + (stats.alerts.by_severity.high ?? 0) > 0 ? 'warn' : 'calm'}
        below={<AlertCounts counts={stats.alerts.by_severity} />}
      />
      <Stat
        label="Packets lost"
        text={lost === null ? 'unknown' : formatScaled(lost, '')}
        value={lost}
        testId={testIds.loss}
        tone={lost !== null && lost > 0 ? 'bad' : 'calm'}
        below={
          lost === null
            ? 'no stage could count'
            : lost === 0
              ? `of ${formatCount(stats.packets_total)}`
              : `${formatShare(lost, stats.packets_total + lost)} of ${formatScaled(stats.packets_total + lost, '') || UNKNOWN}`
        }
      />
    </div>
  );
}
