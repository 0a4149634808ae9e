/** `weir prune`: what is too old or too much goes now. */
import type { Argv } from 'yargs';
import { SensorError } from '../../errors.ts';
import { countText } from '../../export/quantities.ts';
import { ownerOf } from '../../service/folder.ts';
import type { CommandContext } from '../command.ts';
import { checkNoArguments, checkUnknown } from '../flag-layer.ts';
import { dataDirOf, retentionOf } from '../stored.ts';

const KNOWN = ['data-dir', 'config', 'retention-days', 'retention-mb', 'help', 'h', 'version', 'V'];

export const prune = {
  name: 'prune',
  usage: 'prune',
  summary: 'Remove what is too old or too much from the database of weir serve, while that is stopped',
  build: (yargs: Argv): Argv =>
    yargs
      .option('data-dir', { requiresArg: true, nargs: 1, describe: 'The folder of weir serve (WEIR_DATA_DIR) [DIR]' })
      .option('config', { requiresArg: true, nargs: 1, describe: 'Configuration file that names folder and limits [FILE]' })
      .option('retention-days', {
        requiresArg: true,
        nargs: 1,
        describe: 'Older records go, counted back from the latest; 0 = no limit [DAYS]',
      })
      .option('retention-mb', {
        requiresArg: true,
        nargs: 1,
        describe: 'The oldest records go while the file is larger; 0 = no limit [MIB]',
      })
      .example('$0 prune --data-dir /var/lib/weir --retention-days 7', 'a week of records stays; a running sensor prunes by itself'),
  run: async (context: CommandContext): Promise<number> => {
    const { parsed, io } = context;
    checkNoArguments(parsed, 'prune');
    checkUnknown(parsed, new Set(KNOWN), 'prune', KNOWN.slice(0, 4));
    const dataDir = dataDirOf(context);
    const limits = retentionOf(context);
    const owner = ownerOf(dataDir);
    if (owner !== null) {
      throw new SensorError('USAGE', `${dataDir}: the process ${owner} writes into it`, {
        hint: 'a running sensor prunes by itself; stop it first',
      });
    }
    const { Store } = await import('../../store/store.ts');
    const store = Store.open(dataDir);
    try {
      let deleted = 0;
      for (let more = true; more; ) {
        const pruned = store.prune(limits);
        deleted += pruned.deleted;
        more = pruned.more;
      }
      io.stdout.write(`${countText(deleted)} records removed\n`);
      return 0;
    } finally {
      store.close();
    }
  },
} as const;
