/** What the server must know and nobody else: read once, with the rights of the start, before those are given up. */
import { readFileSync } from 'node:fs';
import { checkBind } from '../api/bind.ts';
import type { ApiToken } from '../api/options.ts';
import { parseTokenFile } from '../api/token-file.ts';
import type { ServiceOptions } from '../config/service-options.ts';
import { SensorError } from '../errors.ts';

export interface Secrets {
  tokens: ApiToken[] | null;
  /** PEM text. */
  tls: { cert: string; key: string } | null;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SensorError('CONFIG', `${path}: ${code === 'ENOENT' ? 'no such file' : message}`, { cause: error });
  }
}

/** @throws SensorError CONFIG for files that cannot be read or make no sense, and for an address that is open to everybody */
export function readSecrets({ bind, tls, tokenFile }: ServiceOptions): Secrets {
  const tokens = tokenFile === null ? null : parseTokenFile(readText(tokenFile), tokenFile);
  checkBind({ bind, auth: tokens === null ? null : { tokens } });
  return { tokens, tls: tls === null ? null : { cert: readText(tls.certFile), key: readText(tls.keyFile) } };
}
