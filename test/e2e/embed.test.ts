import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Sensor, SensorError } from '../../src/index.ts';
import { startExampleService } from '../support/example-service.ts';

const demo = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));

describe('a sensor inside another program', () => {
  it('serves totals per client over HTTP, equal to the records of the same capture', async () => {
    const service = await startExampleService({ kind: 'replay', files: [demo] });
    try {
      await service.seen;
      const answer = (await (await fetch(service.url)).json()) as { clients: Record<string, number> };
      const sensor = new Sensor({ input: { kind: 'replay', files: [demo] } });
      let total = 0;
      const flows = sensor.flows();
      await sensor.start();
      for await (const flow of flows) if (flow.record === 'final' && flow.tunnel?.role !== 'outer') total += flow.bytes_total;
      const summary = await sensor.done;
      expect(total).toBe(summary.bytes_accounted);
      expect(Object.keys(answer.clients).length).toBeGreaterThan(1);
      expect(Object.values(answer.clients).reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThanOrEqual(total);
    } finally {
      await service.close();
    }
  });

  it('stops when its scope ends', async () => {
    let sensor: Sensor;
    {
      await using scoped = new Sensor({ input: { kind: 'replay', files: [demo], speed: { mode: 'time', factor: 0.001 } } });
      sensor = scoped;
      await scoped.start();
    }
    const summary = await sensor.done;
    expect(summary.ended_by).toBe('stop');
    expect(summary.ledger.holds).toBe(true);
  });

  it('rejects start() with the code and the hint, and leaves nothing running', async () => {
    const sensor = new Sensor({ input: { kind: 'replay', files: ['/nonexistent/capture.pcap'] } });
    const failure = await sensor.start().then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(SensorError);
    expect((failure as SensorError).code).toBe('SOURCE_NOT_FOUND');
    await expect(sensor.done).rejects.toBe(failure);
    await expect(sensor.start()).rejects.toThrow(/started before/);
  });

  it('ends the iteration of a consumer that leaves early, without stopping the run', async () => {
    const sensor = new Sensor({ input: { kind: 'replay', files: [demo] } });
    const flows = sensor.flows({ capacity: 1 });
    await sensor.start();
    for await (const flow of flows) {
      expect(flow.flow_id).toMatch(/^[0-9a-f]{16}$/);
      break;
    }
    const summary = await sensor.done;
    expect(summary.ended_by).toBe('eof');
    expect(summary.ledger.holds).toBe(true);
  });
});
