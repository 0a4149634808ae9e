import { expect, test } from 'vitest';
import { cassandra } from '../../../src/app/cassandra.ts';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { mongodb } from '../../../src/app/mongodb.ts';
import { mssqlTds } from '../../../src/app/mssql-tds.ts';
import { mysql } from '../../../src/app/mysql.ts';
import { oracle } from '../../../src/app/oracle.ts';
import { postgresql } from '../../../src/app/postgresql.ts';
import { driveStream } from '../../support/app/drive.ts';
import { be, join, le, refuses, refusesDecoys, sized, steadyStream, utf16 } from '../../support/app/steady.ts';

const mysqlPacket = (sequence: number, ...parts: Parameters<typeof join>) => {
  const body = join(...parts);
  return join(le(body.length, 3), sequence, body);
};
const greeting = mysqlPacket(
  0,
  10,
  '8.0.36\0',
  le(99, 4),
  'saltsalt\0',
  le(0xffff, 2),
  33,
  le(2, 2),
  le(0xdfff, 2),
  21,
  new Uint8Array(10),
  'moresaltmore\0',
  'caching_sha2_password\0',
);
const mysqlLogin = (capabilities: number, plugin: string) =>
  mysqlPacket(1, le(capabilities, 4), le(1 << 24, 4), 33, new Uint8Array(23), 'bob\0', 4, 'hash', 'shop\0', `${plugin}\0`);

test('MySQL: version, user, database, result', () => {
  const run = steadyStream(mysql, [
    [1, greeting],
    [0, mysqlLogin(0x000aa20f, 'mysql_native_password')],
    [1, mysqlPacket(2, 0, 0, 0, 2, 0, 0, 0)],
  ]);
  expect(run.facts.detail('mysql')).toEqual({
    version: '8.0.36',
    thread_id: 99,
    user: 'bob',
    database: 'shop',
    auth_plugin: 'mysql_native_password',
    logged_in: true,
  });
  expect(run.progress).toBe(Progress.DONE);
  expect(run.facts.risks.size).toBe(0);
});

test('MySQL: TLS takes over behind the request for it', () => {
  const request = mysqlPacket(1, le(0x000aae0f, 4), le(1 << 24, 4), 33, new Uint8Array(23));
  const run = steadyStream(mysql, [
    [1, greeting],
    [0, join(request, '\x16\x03\x01')],
  ]);
  expect(run.offsets).toEqual([36, greeting.length]);
});

test('MySQL: refused hosts, clear passwords, the client alone', () => {
  const refused = steadyStream(mysql, [[1, mysqlPacket(0, 0xff, le(1130, 2), "Host '192.0.2.1' is not allowed to connect")]]);
  expect(refused.facts.detail('mysql')).toEqual({ error: 1130 });
  const clear = driveStream(mysql, [
    [1, greeting],
    [0, mysqlLogin(0x000aa20f, 'mysql_clear_password')],
  ]);
  expect([...clear.facts.risks]).toEqual(['cleartext_credentials']);
  expect(driveStream(mysql, [[0, mysqlLogin(0x000aa20f, 'x')]]).facts.detail('mysql').user).toBe('bob');
});

const startup = (...pairs: string[]) => {
  const body = join(be(196_608, 4), ...pairs.map((text) => `${text}\0`), 0);
  return join(be(body.length + 4, 4), body);
};
const message = (type: string, ...parts: Parameters<typeof join>) => {
  const body = join(...parts);
  return join(type, be(body.length + 4, 4), body);
};
const SSL_REQUEST = join(be(8, 4), be(80_877_103, 4));

test('PostgreSQL: TLS is refused, then a clear password', () => {
  const run = steadyStream(postgresql, [
    [0, SSL_REQUEST],
    [1, 'N'],
    [0, startup('user', 'bob', 'database', 'shop', 'application_name', 'psql')],
    [1, message('R', be(3, 4))],
    [0, message('p', 'secret\0')],
    [1, join(message('R', be(0, 4)), message('S', 'server_version\0', '16.1\0'), message('Z', 'I'))],
  ]);
  expect(run.facts.detail('postgresql')).toEqual({
    tls: false,
    version: '3.0',
    user: 'bob',
    database: 'shop',
    application: 'psql',
    authentication: 'cleartext',
    logged_in: true,
    server_version: '16.1',
  });
  expect([...run.facts.risks]).toEqual(['cleartext_credentials']);
  expect(JSON.stringify(Object.fromEntries(run.facts.details))).not.toContain('secret');
});

test('PostgreSQL: TLS, SCRAM, errors, cancelling', () => {
  const tls = steadyStream(postgresql, [
    [0, SSL_REQUEST],
    [1, 'S'],
  ]);
  expect(tls.offsets).toEqual([8, 1]);
  const scram = steadyStream(postgresql, [
    [0, startup('user', 'bob')],
    [1, join(message('R', be(10, 4), 'SCRAM-SHA-256\0\0'), message('E', 'SFATAL\0C28P01\0\0'))],
  ]);
  expect(scram.facts.detail('postgresql')).toEqual({ version: '3.0', user: 'bob', authentication: 'sasl SCRAM-SHA-256', error: '28P01' });
  expect(driveStream(postgresql, [[0, join(be(16, 4), be(80_877_102, 4), be(1, 4), be(2, 4))]]).facts.detail('postgresql')).toEqual({
    cancel: true,
  });
});

const bson = (...elements: Uint8Array[]) => {
  const body = join(...elements, 0);
  return join(le(body.length + 4, 4), body);
};
const bsonText = (name: string, text: string) => join(2, `${name}\0`, le(text.length + 1, 4), `${text}\0`);
const bsonInt = (name: string, value: number) => join(16, `${name}\0`, le(value, 4));
const bsonDocument = (name: string, ...elements: Uint8Array[]) => join(3, `${name}\0`, bson(...elements));
const mongoMessage = (opCode: number, responseTo: number, ...parts: Parameters<typeof join>) => {
  const body = join(...parts);
  return join(le(body.length + 16, 4), le(5, 4), le(responseTo, 4), le(opCode, 4), body);
};

test('MongoDB: hello by OP_QUERY, commands by OP_MSG', () => {
  const client = bsonDocument('client', bsonDocument('driver', bsonText('name', 'nodejs'), bsonText('version', '6.0')));
  const run = steadyStream(mongodb, [
    [0, mongoMessage(2004, 0, le(4, 4), 'admin.$cmd\0', le(0, 4), le(1, 4), bson(bsonInt('hello', 1), client))],
    [1, mongoMessage(1, 5, le(8, 4), le(0, 8), le(0, 4), le(1, 4), bson(bsonInt('ok', 1)))],
    [0, mongoMessage(2013, 0, le(0, 4), 0, bson(bsonText('find', 'users'), bsonText('$db', 'shop')))],
    [1, mongoMessage(2013, 6, le(0, 4), 0, bson(bsonInt('ok', 1)))],
  ]);
  expect(run.facts.detail('mongodb')).toEqual({ commands: ['hello', 'find'], databases: ['admin', 'shop'], driver: 'nodejs 6.0' });
  const plain = driveStream(mongodb, [
    [0, mongoMessage(2013, 0, le(0, 4), 0, bson(bsonInt('saslStart', 1), bsonText('mechanism', 'PLAIN')))],
  ]);
  expect([...plain.facts.risks]).toEqual(['cleartext_credentials']);
});

const tds = (type: number, body: Uint8Array) => join(type, 1, be(body.length + 8, 2), 0, 0, 1, 0, body);
const prelogin = (version: readonly number[], encryption: number) =>
  join(0, be(11, 2), be(6, 2), 1, be(17, 2), be(1, 2), 0xff, version, 0, 0, encryption);

function login7(): Uint8Array {
  const texts = ['LAPTOP', 'sa', 'secret', 'sqlcmd', 'db1', '', 'ODBC', '', 'shop'];
  const pairs: Uint8Array[] = [];
  const bodies: Uint8Array[] = [];
  let at = 94;
  for (const text of texts) {
    pairs.push(join(le(at, 2), le(text.length, 2)));
    bodies.push(utf16(text));
    at += text.length * 2;
  }
  const fixed = join(le(0x74000004, 4), new Uint8Array(28), ...pairs, new Uint8Array(22));
  return tds(16, join(le(at, 4), fixed, ...bodies));
}

test('SQL Server: versions, encryption, login', () => {
  const run = steadyStream(mssqlTds, [
    [0, tds(18, prelogin([16, 0, 3, 232], 0))],
    [1, tds(4, prelogin([15, 0, 7, 208], 2))],
    [0, login7()],
    [1, tds(4, join(0xad, le(20, 2), new Uint8Array(20)))],
  ]);
  expect(run.facts.detail('mssql_tds')).toEqual({
    client_version: '16.0.1000',
    server_version: '15.0.2000',
    encryption: 'not_supported',
    tds_version: '7.4',
    host: 'LAPTOP',
    user: 'sa',
    application: 'sqlcmd',
    server: 'db1',
    library: 'ODBC',
    database: 'shop',
    logged_in: true,
  });
  expect([...run.facts.risks]).toEqual(['cleartext_credentials']);
  expect(driveStream(mssqlTds, [[1, tds(4, prelogin([15, 0, 7, 208], 2))]]).verdict).toBe(Verdict.YES);
});

const DESCRIPTOR = '(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=orcl)(CID=(PROGRAM=sqlplus)(HOST=laptop)(USER=bob)))(ADDRESS=(HOST=db)))';
const tns = (type: number, body: Uint8Array) => join(be(body.length + 8, 2), 0, 0, type, 0, 0, 0, body);
const connect = tns(
  1,
  join(
    be(319, 2),
    be(300, 2),
    be(0, 2),
    be(8192, 2),
    be(32_767, 2),
    be(0x7f08, 2),
    be(0, 2),
    be(1, 2),
    be(DESCRIPTOR.length, 2),
    be(58, 2),
    new Uint8Array(30),
    DESCRIPTOR,
  ),
);

test('Oracle: what the client wants, and the answer', () => {
  const run = steadyStream(oracle, [
    [0, connect],
    [1, tns(11, new Uint8Array(0))],
    [0, connect],
    [1, tns(2, join(be(318, 2), new Uint8Array(20)))],
  ]);
  expect(run.facts.detail('oracle')).toEqual({
    version: 319,
    service: 'orcl',
    program: 'sqlplus',
    os_user: 'bob',
    client_host: 'laptop',
    answer: 'accept',
    server_version: 318,
  });
});

const cql = (version: number, opcode: number, body: Uint8Array = new Uint8Array(0)) =>
  join(version, 0, be(1, 2), opcode, be(body.length, 4), body);
const pairs = (...texts: string[]) => join(be(texts.length / 2, 2), ...texts.map((text) => sized(2, text)));

test('Cassandra: start, login, query', () => {
  const run = steadyStream(cassandra, [
    [0, cql(4, 5)],
    [1, cql(0x84, 6, be(0, 2))],
    [0, cql(4, 1, pairs('CQL_VERSION', '3.4.5', 'DRIVER_NAME', 'test'))],
    [1, cql(0x84, 3, sized(2, 'org.apache.cassandra.auth.PasswordAuthenticator'))],
    [0, cql(4, 15, sized(4, '\0bob\0secret'))],
    [0, cql(4, 7, join(sized(4, 'SELECT * FROM t'), be(1, 2), 0))],
  ]);
  expect(run.facts.detail('cassandra')).toEqual({
    version: 4,
    cql_version: '3.4.5',
    driver: 'test',
    authenticator: 'org.apache.cassandra.auth.PasswordAuthenticator',
    user: 'bob',
    queries: ['SELECT * FROM t'],
  });
  expect([...run.facts.risks]).toEqual(['cleartext_credentials']);
});

test('others are refused', () => {
  for (const dissector of [mysql, postgresql, mongodb, mssqlTds, oracle, cassandra]) refusesDecoys(dissector);
  refuses(mysql, [1, mysqlPacket(0, 10, 'not a version\0', new Uint8Array(50))]);
  refuses(mysql, [0, greeting]);
  refuses(postgresql, [1, SSL_REQUEST]);
  refuses(postgresql, [0, join(be(20, 4), be(196_608, 4), 'whatever\0\0\0\0')]);
  refuses(mongodb, [0, mongoMessage(2013, 1, le(0, 4), 0, bson(bsonInt('x', 1)))]);
  refuses(mongodb, [0, mongoMessage(2013, 0, le(0xff00, 4), 0, bson(bsonInt('x', 1)))]);
  refuses(mssqlTds, [0, tds(18, prelogin([1, 2, 3, 4], 0)).with(9, 9)]);
  refuses(oracle, [0, connect.with(1, 9)]);
  refuses(cassandra, [0, cql(4, 5)]);
});
