/** `weir token`: who may ask a running sensor. */
import type { Argv } from 'yargs';
import { hashToken, newToken } from '../../api/token.ts';
import { SensorError } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import { checkNoArguments, checkUnknown } from '../flag-layer.ts';

const KNOWN = ['role', 'name', 'help', 'h', 'version', 'V'];
const ROLES = ['viewer', 'admin'];

export const token = {
  name: 'token',
  usage: 'token',
  summary: 'Make a token for the API and dashboard of weir serve',
  build: (yargs: Argv): Argv =>
    yargs
      .option('role', {
        requiresArg: true,
        nargs: 1,
        describe: 'viewer, who may look, or admin, who may also acknowledge [default: viewer]',
      })
      .option('name', { requiresArg: true, nargs: 1, describe: 'Whose it is, for the log [default: the role]' })
      .example('$0 token --role admin --name alice', 'the token goes to standard error, its line for the token file to standard output')
      .example('$0 token >> /etc/weir/tokens', 'for weir serve --token-file /etc/weir/tokens'),
  run: async ({ parsed, io }: CommandContext): Promise<number> => {
    checkNoArguments(parsed, 'token');
    checkUnknown(parsed, new Set(KNOWN), 'token', KNOWN.slice(0, 2));
    const role = typeof parsed.role === 'string' ? parsed.role : 'viewer';
    const name = typeof parsed.name === 'string' ? parsed.name : role;
    if (!ROLES.includes(role)) throw new SensorError('USAGE', `--role ${JSON.stringify(role)} is not viewer or admin`);
    if (!/^[\w.@-]{1,64}$/.test(name))
      throw new SensorError('USAGE', `--name ${JSON.stringify(name)}: letters, digits, and . @ _ - only, at most 64`);
    const secret = newToken();
    io.stderr.write(`token (shown once): ${secret}\n`);
    io.stdout.write(`${name}:${role}:${await hashToken(secret)}\n`);
    return 0;
  },
} as const;
