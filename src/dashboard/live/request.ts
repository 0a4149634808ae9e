/** Asks the API. Every failure is a `RequestFailure` that says what the API said. */
import type { Problem } from '../../api/contract.ts';

export class RequestFailure extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly hint: string | null;
  constructor(status: number, message: string, hint: string | null = null) {
    super(message);
    this.name = 'RequestFailure';
    this.status = status;
    this.hint = hint;
  }
}

/** Sent on the window when the API says that nobody is signed in any more. */
export const SIGNED_OUT = 'weir:signed-out';

async function problemOf(response: Response): Promise<RequestFailure> {
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  const said = typeof problem?.message === 'string' ? problem.message : `The sensor answered ${response.status}.`;
  return new RequestFailure(response.status, said, typeof problem?.hint === 'string' ? problem.hint : null);
}

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

async function send(path: string, init: RequestInit): Promise<Response> {
  const options: RequestInit = { credentials: 'same-origin', cache: 'no-store', redirect: 'error', ...init };
  const response = await fetch(path, options).catch((error: unknown) => {
    if (isAbort(error)) throw error;
    throw new RequestFailure(0, 'The sensor does not answer.', 'Is `weir serve` still running, and can this computer reach it?');
  });
  if (response.ok) return response;
  const failure = await problemOf(response);
  if (failure.status === 401) window.dispatchEvent(new Event(SIGNED_OUT));
  throw failure;
}

export async function getJson<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await send(path, { signal, headers: { accept: 'application/json' } });
  return (await response.json()) as T;
}

/** `null` for an answer without a body. */
export async function postJson<T>(path: string, body: unknown, method: 'POST' | 'DELETE' = 'POST'): Promise<T | null> {
  const init: RequestInit = { method, headers: { accept: 'application/json' } };
  if (body !== undefined) {
    init.headers = { accept: 'application/json', 'content-type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  const response = await send(path, init);
  const text = await response.text();
  return text === '' ? null : (JSON.parse(text) as T);
}
