/** `weir backup FILE`: a copy of the database, also of one that is being written. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { SensorError } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import { checkUnknown } from '../flag-layer.ts';
import { dataDirOf } from '../stored.ts';

const KNOWN = ['data-dir', 'config', 'force', 'file', 'help', 'h', 'version', 'V'];

export const backup = {
  name: 'backup',
  usage: 'backup [file]',
  summary: 'Copy the database of weir serve, also while it runs',
  build: (yargs: Argv): Argv =>
    yargs
      .positional('file', { type: 'string', describe: 'The copy' })
      .option('data-dir', { requiresArg: true, nargs: 1, describe: 'The folder of weir serve (WEIR_DATA_DIR) [DIR]' })
      .option('config', { requiresArg: true, nargs: 1, describe: 'Configuration file that names the folder [FILE]' })
      .option('force', { type: 'boolean', describe: 'Over a file that is there' })
      .example('$0 backup --data-dir /var/lib/weir weir-backup.db', 'devices, flows, alerts and statistics in one file'),
  run: async (context: CommandContext): Promise<number> => {
    const { parsed, io } = context;
    checkUnknown(parsed, new Set(KNOWN), 'backup', KNOWN.slice(0, 3));
    if (typeof parsed.file !== 'string' || parsed.file === '') {
      throw new SensorError('USAGE', 'no file to copy to', { hint: 'weir backup FILE' });
    }
    const path = resolve(io.directory, parsed.file);
    if (existsSync(path) && parsed.force !== true) {
      throw new SensorError('USAGE', `${parsed.file} is there already`, { hint: 'name another file, or say --force' });
    }
    const { copyDatabase } = await import('../../store/copy.ts');
    await copyDatabase(dataDirOf(context), path);
    io.stdout.write(`${parsed.file}: copied\n`);
    return 0;
  },
} as const;
