/** From root to an account without rights, once what needs them is open. */
import { readFileSync } from 'node:fs';
import { SensorError } from '../errors.ts';

export interface Account {
  uid: number;
  gid: number;
}

/** Looks up a name in /etc/passwd, or takes a number. Throws SensorError CONFIG. */
export function accountOf(user: string, passwd = '/etc/passwd'): Account {
  const line = readFileSync(passwd, 'utf8')
    .split('\n')
    .map((text) => text.split(':'))
    .find(([name, , uid]) => name === user || uid === user);
  if (line === undefined) {
    throw new SensorError('CONFIG', `--user ${user}: there is no such account`, {
      hint: `make one: useradd --system --no-create-home ${/^[a-z_][a-z0-9_-]*$/.test(user) ? user : 'weir'}`,
    });
  }
  return { uid: Number(line[2]), gid: Number(line[3]) };
}

/**
 * Gives up root for good; every thread of the process at once. Nothing happens when the process is that user already.
 * @throws SensorError CONFIG when it cannot
 */
export function becomeUser(user: string): void {
  const { uid, gid } = accountOf(user);
  if (process.getuid?.() === uid) return;
  if (process.getuid?.() !== 0) {
    throw new SensorError('CONFIG', `--user ${user}: only root can become another user`, { hint: 'leave out --user, or start as root' });
  }
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (process.getuid?.() !== uid || process.geteuid?.() !== uid) throw new SensorError('INTERNAL', `could not become ${user}`);
}
