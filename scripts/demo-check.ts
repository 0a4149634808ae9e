/** Asks a running service for its page, its API and its metrics, once each, and prints what it says. */
const base = process.argv[2] ?? '';

interface Stats {
  sensor: { state: string };
  packets_total: number;
  bytes_total: number;
  flows: { created: number };
  devices: number;
  alerts: { total: number };
}

async function ask(path: string): Promise<Response> {
  const response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response;
}

/** The replay may still run. */
async function endedStats(): Promise<Stats> {
  for (let round = 0; ; round++) {
    const stats = (await (await ask('/api/v1/stats')).json()) as Stats;
    if (stats.sensor.state !== 'running' || round === 100) return stats;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const page = await (await ask('/')).text();
if (!page.includes('<div id="root">')) throw new Error('the dashboard is not there');
const stats = await endedStats();
const metrics = await (await ask('/metrics')).text();
const counted = /^weir_capture_packets_total(?:{[^}]*})? (\d+)/m.exec(metrics)?.[1];
console.log(`  /                 the dashboard, ${page.length} bytes`);
console.log(
  `  /api/v1/stats     ${stats.packets_total} packets, ${stats.bytes_total} bytes, ${stats.flows.created} flows, ${stats.devices} devices`,
);
console.log(`  /metrics          weir_capture_packets_total ${counted}`);
