/** What shards are told about the application layer. */
import type { SensorOptions } from './config/options.ts';
import { SensorError } from './errors.ts';
import { dpiUnavailable, loadDpi } from './native/dpi.ts';
import { neverWaits } from './sensor-settings.ts';
import type { AppOptions } from './shard/protocol.ts';

/** `auto`: what there is. Who asks for libndpi by name must get it. */
function dpiParts(dpi: SensorOptions['tracking']['dpi']): { builtin: boolean; ndpi: boolean } {
  const ndpi = dpi !== 'builtin' && dpi !== 'off' && loadDpi() !== null;
  if ((dpi === 'ndpi' || dpi === 'both') && !ndpi) {
    throw new SensorError('PLUGIN_MISSING', `--dpi ${dpi}: libndpi is not there (${dpiUnavailable() ?? 'unknown'})`, {
      hint: 'install libndpi-dev and build again, or use --dpi builtin',
    });
  }
  return { builtin: dpi !== 'ndpi' && dpi !== 'off', ndpi };
}

function wantsTransactions({ output }: SensorOptions): boolean {
  return output.dnsJsonl !== null || output.tlsJsonl !== null || output.httpJsonl !== null;
}

/** `tags`: of flows that are done; null = the application layer is off. @throws SensorError PLUGIN_MISSING */
export function appOptions(options: SensorOptions, tags: SharedArrayBuffer | null): AppOptions | null {
  if (tags === null) return null;
  return {
    tags,
    live: neverWaits(options),
    ...dpiParts(options.tracking.dpi),
    transactions: wantsTransactions(options),
    events: options.output.eventsJsonl !== null,
  };
}
