/** Where the API may listen. */
import { isIP } from 'node:net';
import { SensorError } from '../errors.ts';
import type { ApiOptions } from './options.ts';

/** True for 127.0.0.0/8, ::1 and `localhost`. */
export function isLoopback(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, '');
  if (plain === 'localhost' || plain === '::1') return true;
  return isIP(plain) === 4 && plain.startsWith('127.');
}

/** Throws SensorError CONFIG where others than this machine could connect and nobody would ask who they are. */
export function checkBind(options: Pick<ApiOptions, 'bind' | 'auth'>): void {
  const { bind, auth } = options;
  if (bind !== 'localhost' && isIP(bind) === 0) {
    throw new SensorError('CONFIG', `bind address '${bind}' is not an IP address`, {
      hint: 'use an address such as 127.0.0.1, 0.0.0.0 or ::',
    });
  }
  if (auth !== null && auth.tokens.length === 0) {
    throw new SensorError('CONFIG', 'the token file holds no token, so nobody could log in', { hint: "make one with 'weir token'" });
  }
  if (auth === null && !isLoopback(bind)) {
    throw new SensorError('CONFIG', `bind address ${bind} can be reached by other machines, and no token is asked for`, {
      hint: "make a token with 'weir token', put its line into a file, and give that as --token-file; or bind 127.0.0.1",
    });
  }
}
