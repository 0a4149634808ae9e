/** Starts an API over a fake sensor on a free port of loopback, and asks it. */
import { randomInt } from 'node:crypto';
import type { ApiLog, ApiOptions, ApiToken } from '../../src/api/options.ts';
import { type ApiServer, createApiServer } from '../../src/api/server.ts';
import { hashToken } from '../../src/api/token.ts';
import { FakeSensor } from './api-sources.ts';

export const TOKENS = { viewer: 'viewer-token-of-the-tests', admin: 'admin-token-of-the-tests' } as const;
/** The least that scrypt takes: tests ask often. */
const CHEAP = { n: 2, r: 1, p: 1 };

export interface LogEntry {
  level: keyof ApiLog;
  fields: Record<string, unknown>;
  message: string;
}

export async function testTokens(): Promise<ApiToken[]> {
  return [
    { role: 'viewer', name: 'vera', hash: await hashToken(TOKENS.viewer, CHEAP) },
    { role: 'admin', name: 'ada', hash: await hashToken(TOKENS.admin, CHEAP) },
  ];
}

/** A port that was free a moment ago, below those that the system hands out itself. */
export const somePort = (): number => randomInt(10_000, 30_000);

export class TestApi implements AsyncDisposable {
  readonly sensor: FakeSensor;
  readonly server: ApiServer;
  readonly log: LogEntry[];

  private constructor(sensor: FakeSensor, server: ApiServer, log: LogEntry[]) {
    this.sensor = sensor;
    this.server = server;
    this.log = log;
  }

  static async start(options: Partial<ApiOptions> = {}, sensor = new FakeSensor()): Promise<TestApi> {
    const entries: LogEntry[] = [];
    const write = (level: keyof ApiLog) => (fields: object, message: string) => {
      entries.push({ level, fields: { ...fields }, message });
    };
    const server = await createApiServer(sensor.sources, {
      bind: '127.0.0.1',
      port: 0,
      wsPort: 0,
      tls: null,
      auth: null,
      allowedHosts: [],
      dashboardDir: null,
      tickMs: 1000,
      log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      ...options,
    });
    await server.listen();
    return new TestApi(sensor, server, entries);
  }

  get url(): string {
    return this.server.address?.url ?? '';
  }

  get port(): number {
    return this.server.address?.port ?? 0;
  }

  /** `token` goes along as a bearer token. */
  fetch(path: string, { token, headers, ...init }: RequestInit & { token?: string } = {}): Promise<Response> {
    const sent = new Headers(headers);
    if (token !== undefined) sent.set('authorization', `Bearer ${token}`);
    return fetch(`${this.url}${path}`, { ...init, headers: sent, redirect: 'manual' });
  }

  async json(path: string, init: RequestInit & { token?: string } = {}): Promise<Record<string, unknown>> {
    return (await (await this.fetch(path, init)).json()) as Record<string, unknown>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}
