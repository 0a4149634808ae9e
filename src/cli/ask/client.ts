/** Asks a running sensor over its API. */
import { SensorError } from '../../errors.ts';
import type { Io } from '../io.ts';

export const DEFAULT_URL = 'http://127.0.0.1:8080';
const TIMEOUT_MS = 10_000;

export interface Client {
  /** The JSON of a path below `/api/v1`. Throws SensorError SOURCE_OPEN when nobody answers, USAGE when the request is refused. */
  get(path: string, query?: Readonly<Record<string, string | number | boolean | null>>): Promise<unknown>;
}

interface Refusal {
  message?: unknown;
  hint?: unknown;
}

function refused(status: number, base: string, problem: Refusal): SensorError {
  const message = typeof problem.message === 'string' ? problem.message : `status ${status}`;
  if (status === 401 || status === 403) {
    return new SensorError('SOURCE_PERMISSION', `${base}: ${message}`, { hint: 'put a token that the sensor knows into WEIR_TOKEN' });
  }
  const hint = typeof problem.hint === 'string' ? { hint: problem.hint } : {};
  return new SensorError(status === 400 || status === 404 ? 'USAGE' : 'SOURCE_READ', `${base}: ${message}`, hint);
}

function unreachable(base: string, error: unknown): SensorError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : (error as Error).message;
  return new SensorError('SOURCE_OPEN', `no sensor answers at ${base}: ${cause}`, {
    hint: 'start one with weir serve, or name another with --url or WEIR_URL',
    cause: error,
  });
}

/** `url` as given by a flag; null = from WEIR_URL, else the default. */
export function createClient(url: string | null, { environment }: Pick<Io, 'environment'>): Client {
  const base = (url ?? environment.WEIR_URL ?? DEFAULT_URL).replace(/\/+$/, '');
  if (!URL.canParse(base) || !/^https?:/.test(base)) {
    throw new SensorError('USAGE', `${JSON.stringify(base)} is not a URL of a sensor`, { hint: `such as ${DEFAULT_URL}` });
  }
  const token = environment.WEIR_TOKEN ?? '';
  const headers = { accept: 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) };
  return {
    get: async (path, query = {}) => {
      const target = new URL(`${base}/api/v1${path}`);
      for (const [name, value] of Object.entries(query)) if (value !== null) target.searchParams.set(name, String(value));
      const response = await fetch(target, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: unknown) => {
        throw unreachable(base, error);
      });
      const body: unknown = await response.json().catch(() => ({}));
      if (!response.ok) throw refused(response.status, base, body as Refusal);
      return body;
    },
  };
}
