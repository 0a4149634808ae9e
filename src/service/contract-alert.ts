/** An alert as the API shows it. */
import type { Alert } from '../api/contract.ts';
import type { AlertRecord } from '../detect/alert.ts';

/** One that was just raised: nobody has acknowledged it yet. */
export function contractAlert(record: AlertRecord): Alert {
  return {
    ...record,
    observed: { ...record.observed },
    threshold: { ...record.threshold },
    flows: [...record.flows],
    mitre: record.mitre.map((technique) => ({ ...technique })),
    acknowledged: null,
  };
}
