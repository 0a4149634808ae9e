import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FLOW_SCHEMA } from '../../../src/store/flow-table.ts';
import { HistoryReader } from '../../../src/store/history-reader.ts';
import { MIGRATIONS, migrate, schemaVersion } from '../../../src/store/migrations.ts';
import { Store } from '../../../src/store/store.ts';
import { allFlows, flowQuery } from '../../support/flow-query.ts';
import { device, storedFlow, tick } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;

beforeEach(() => {
  folder = new TemporaryFolder('opening');
});

afterEach(() => {
  folder[Symbol.dispose]();
});

const thrown = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

test('the directory is made, and what was stored is there the next time', () => {
  const directory = folder.file('var/lib/weir');
  const store = Store.open(directory);
  store.writeTick(tick(0, { flows: [storedFlow({ id: 1 })], devices: [device(5)] }));
  store.close();
  store.close();
  const again = Store.open(directory);
  expect(again.restore()).toHaveLength(1);
  const history = HistoryReader.open(directory);
  expect(allFlows(history, flowQuery())).toHaveLength(1);
  history.close();
  again.close();
});

describe('migrations', () => {
  test('a file of the first schema is brought up, and keeps its rows', () => {
    const db = new DatabaseSync(folder.file('weir.db'));
    db.exec('PRAGMA application_id = 0x57454952');
    migrate(db, 'weir.db', [FLOW_SCHEMA]);
    expect(schemaVersion(db)).toBe(1);
    const columns =
      'first_seen, last_seen, duration_secs, packets, bytes, flow_id, community_id, state, protocol, direction, client_ip, server_ip, client_is_a, record';
    db.exec(
      `INSERT INTO flows (${columns}) VALUES (1, 2, 1, 3, 400, 'abc', '1:x', 'ended', 'udp', 'unknown', '10.0.0.1', '10.0.0.2', 1, '{}')`,
    );
    db.exec('INSERT INTO flow_ids SELECT flow_id, id FROM flows');
    db.close();
    const store = Store.open(folder.path);
    store.writeTick(tick(0, { flows: [storedFlow({ id: 1 })], devices: [device(5)] }));
    const history = HistoryReader.open(folder.path);
    expect(history.flow('abc')).toMatchObject({ bytes: 400, protocol: 'udp', history: '' });
    expect(history.device(device(5).mac)).not.toBeNull();
    history.close();
    store.close();
  });

  test('a step that fails leaves the file as it was', () => {
    using db = new DatabaseSync(':memory:');
    migrate(db, 'x', ['CREATE TABLE a (x)']);
    expect(() => migrate(db, 'x', ['CREATE TABLE a (x)', 'CREATE TABLE b (x); CREATE TABLE a (x)'])).toThrow(/already exists/);
    expect(schemaVersion(db)).toBe(1);
    expect(db.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name = 'b'").get()).toEqual({ count: 0 });
  });

  test('a file of a newer version is refused', () => {
    Store.open(folder.path).close();
    const db = new DatabaseSync(folder.file('weir.db'));
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 3}`);
    db.close();
    expect(thrown(() => Store.open(folder.path))).toMatchObject({
      code: 'STORE',
      exitCode: 1,
      message: `cannot open ${folder.file('weir.db')}: its schema has version ${MIGRATIONS.length + 3}, this program knows ${MIGRATIONS.length}`,
      hint: expect.stringContaining('version of weir'),
    });
  });
});

describe('a file that is no store of ours is refused and left alone', () => {
  test('no database', () => {
    const text = 'these are not the bytes of a database, whatever the name says\n'.repeat(100);
    writeFileSync(folder.file('weir.db'), text);
    expect(thrown(() => Store.open(folder.path))).toMatchObject({
      code: 'STORE',
      message: expect.stringContaining('damaged'),
      hint: expect.stringContaining('nothing was deleted'),
    });
    expect(readFileSync(folder.file('weir.db'), 'utf8')).toBe(text);
  });

  test('one whose pages were overwritten', () => {
    const store = Store.open(folder.path);
    store.writeTick(tick(0, { flows: Array.from({ length: 500 }, (_, id) => storedFlow({ id })), devices: [device(5)] }));
    store.close();
    const bytes = readFileSync(folder.file('weir.db'));
    bytes.fill(0xa5, 8192);
    writeFileSync(folder.file('weir.db'), bytes);
    const failure = thrown(() => Store.open(folder.path).writeTick(tick(1, { flows: [storedFlow({ id: 1 })] })));
    expect(failure).toMatchObject({ code: 'STORE', message: expect.stringContaining('damaged') });
    expect(readFileSync(folder.file('weir.db')).length).toBe(bytes.length);
  });

  test("another program's database", () => {
    const db = new DatabaseSync(folder.file('weir.db'));
    db.exec('CREATE TABLE bookmarks (url)');
    db.close();
    expect(thrown(() => Store.open(folder.path))).toMatchObject({ code: 'STORE', message: expect.stringContaining('another program') });
  });
});

test('a reader without a database says so', () => {
  expect(thrown(() => HistoryReader.open(folder.path))).toMatchObject({
    code: 'STORE',
    message: expect.stringContaining('cannot be opened'),
  });
});

test('a store that another program has locked is written to again once it is free', () => {
  const store = Store.open(folder.path, { busyTimeoutMs: 20 });
  const other = new DatabaseSync(folder.file('weir.db'));
  other.exec('BEGIN IMMEDIATE');
  expect(thrown(() => store.writeTick(tick(0)))).toMatchObject({ code: 'STORE', message: expect.stringContaining('locked') });
  other.exec('COMMIT');
  other.close();
  store.writeTick(tick(0, { flows: [storedFlow({ id: 1 })] }));
  store.close();
});
