/** A store in a folder of its own, and a reader of what it has kept: new ones for every test of a file. */
import { afterEach, beforeEach } from 'vitest';
import { HistoryReader } from '../../src/store/history-reader.ts';
import { Store } from '../../src/store/store.ts';
import { TemporaryFolder } from './temporary-folder.ts';

export interface KeptHistory {
  folder: TemporaryFolder;
  /** A test that closes it puts another one in its place. */
  store: Store;
  history: HistoryReader;
}

/** Call it outside of tests; what it returns is filled before each of them. */
export function keptHistory(name: string): KeptHistory {
  const kept = {} as KeptHistory;
  beforeEach(() => {
    kept.folder = new TemporaryFolder(name);
    kept.store = Store.open(kept.folder.path);
    kept.history = HistoryReader.open(kept.folder.path);
  });
  afterEach(() => {
    kept.history.close();
    kept.store.close();
    kept.folder[Symbol.dispose]();
  });
  return kept;
}
