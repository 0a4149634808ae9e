/**
 * An example of embedding: a small HTTP service that keeps totals per client from the flow records of a sensor.
 * The README shows its core; test/e2e/embed.test.ts runs it.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FlowRecord, Sensor, type SensorInput } from '../../src/index.ts';

export interface ExampleService {
  url: string;
  /** Settles when the input has ended and every flow was seen. */
  seen: Promise<void>;
  close(): Promise<void>;
}

function clientOf(flow: FlowRecord): string {
  return flow.client === 'a_to_b' ? flow.endpoint_a.ip : flow.endpoint_b.ip;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function startExampleService(input: SensorInput): Promise<ExampleService> {
  const bytesByClient = new Map<string, number>();
  const sensor = new Sensor({ input });
  const flows = sensor.flows();
  await sensor.start();
  const seen = (async () => {
    for await (const flow of flows) {
      if (flow.record === 'final') bytesByClient.set(clientOf(flow), (bytesByClient.get(clientOf(flow)) ?? 0) + flow.bytes_total);
    }
  })();
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ clients: Object.fromEntries(bytesByClient), live: sensor.lastTick?.flowsLive ?? 0 }));
  });
  return {
    url: await listen(server),
    seen,
    async close() {
      await sensor[Symbol.asyncDispose]();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
