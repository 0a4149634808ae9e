import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { rlogin } from '../../../src/app/rlogin.ts';
import { rpcTcp, rpcUdp } from '../../../src/app/rpc.ts';
import { svn } from '../../../src/app/svn.ts';
import { x11 } from '../../../src/app/x11.ts';
import { driveDatagrams, driveStream } from '../../support/app/drive.ts';
import { be, join, le, refuses, refusesDecoys, sized, steadyDatagrams, steadyStream } from '../../support/app/steady.ts';

/** XDR: a length, bytes, padding to 4. */
const opaque = (text: string) => join(be(text.length, 4), text, new Uint8Array((4 - (text.length % 4)) % 4));
const credentials = sized(4, be(1, 4), opaque('laptop'), be(1000, 4), be(100, 4), be(0, 4));
const call = (xid: number, program: number, version: number, procedure: number, ...rest: Uint8Array[]) =>
  join(be(xid, 4), be(0, 4), be(2, 4), be(program, 4), be(version, 4), be(procedure, 4), be(1, 4), credentials, be(0, 8), ...rest);
const reply = (xid: number) => join(be(xid, 4), be(1, 4), be(0, 4), be(0, 8), be(0, 4), be(635, 4));
const record = (message: Uint8Array) => join(be(0x80000000 + message.length, 4), message);

test('NFS over TCP: programs, procedures, machine and names', () => {
  const run = steadyStream(rpcTcp, [
    [0, record(call(1, 100_003, 3, 1, opaque('file handle')))],
    [1, record(reply(1))],
    [0, record(call(2, 100_003, 3, 3, opaque('directory handle'), opaque('passwd')))],
  ]);
  expect(run.facts.detail('rpc')).toEqual({
    programs: ['nfs 3'],
    procedures: ['getattr', 'lookup'],
    machine: 'laptop',
    uid: 1000,
    gid: 100,
    paths: ['passwd'],
  });
  expect(run.confirmed).toBe(true);
});

test('portmapper and mount over UDP; the label is nfs only for NFS', () => {
  const run = steadyDatagrams(rpcUdp, [
    [0, call(1, 100_000, 2, 3, be(100_005, 4), be(3, 4), be(17, 4), be(0, 4))],
    [1, reply(1)],
    [0, call(2, 100_005, 3, 1, opaque('/export/home'))],
  ]);
  expect(run.facts.detail('rpc')).toMatchObject({
    programs: ['portmap 2', 'mount 3'],
    procedures: ['getport', 'mnt'],
    asks_for: 'mount',
    paths: ['/export/home'],
  });
  const label = (message: Uint8Array) => {
    const { facts } = driveDatagrams(rpcUdp, []);
    const context = {
      facts,
      clientPort: 1,
      serverPort: 9,
      nowNs: 0,
      epochSecs: 0,
      wantsTransactions: false,
      transaction: () => {},
      wantsQuestions: false,
      question: () => {},
    };
    const session = rpcUdp.open(context) as ReturnType<typeof rpcUdp.open> & { label: string };
    session.advance({ side: 0, bytes: message });
    return session.label;
  };
  expect(label(call(1, 100_003, 3, 0))).toBe('nfs');
  expect(label(call(1, 100_005, 3, 0))).toBe('rpc');
});

test('a reply alone proves nothing', () => {
  expect(driveDatagrams(rpcUdp, [[1, reply(1)]]).verdict).toBe(Verdict.MORE);
  expect(driveDatagrams(rpcUdp, [[0, reply(1)]]).verdict).toBe(Verdict.NO);
  refuses(rpcTcp, [1, record(reply(1))]);
});

const setup = (name: string, data: string) => {
  const padded = (text: string) => join(text, new Uint8Array((4 - (text.length % 4)) % 4));
  return join('l', 0, le(11, 2), le(0, 2), le(name.length, 2), le(data.length, 2), 0, 0, padded(name), padded(data));
};
const VENDOR = 'The X.Org Foundation';
const accepted = join(
  1,
  0,
  le(11, 2),
  le(0, 2),
  le(60, 2),
  new Uint8Array(16),
  le(VENDOR.length, 2),
  new Uint8Array(14),
  VENDOR,
  new Uint8Array(60),
);

test('X11: authentication and vendor', () => {
  const run = steadyStream(x11, [
    [0, setup('MIT-MAGIC-COOKIE-1', 'sixteen byte key')],
    [1, accepted],
  ]);
  expect(run.facts.detail('x11')).toEqual({ authentication: 'MIT-MAGIC-COOKIE-1', status: 'success', vendor: VENDOR });
  expect(driveStream(x11, [[0, setup('', '')]]).verdict).not.toBe(Verdict.YES);
  expect(
    steadyStream(x11, [
      [0, setup('', '')],
      [1, accepted],
    ]).facts.detail('x11').status,
  ).toBe('success');
});

test('Subversion: URL and host', () => {
  const url = 'svn://svn.example.org/repo/trunk';
  const run = steadyStream(svn, [
    [1, '( success ( 2 2 ( ANONYMOUS ) ( edit-pipeline svndiff1 ) ) ) '],
    [0, `( 2 ( edit-pipeline svndiff1 absent-entries ) ${url.length}:${url} 10:SVN/1.14.2 ( ) ) `],
  ]);
  expect(run.facts.detail('svn')).toEqual({ url });
  expect(run.facts.host).toBe('svn.example.org');
});

test('rlogin: users and terminal', () => {
  const run = steadyStream(rlogin, [
    [0, '\0bob\0root\0xterm/38400\0'],
    [1, '\0'],
  ]);
  expect(run.facts.detail('rlogin')).toEqual({ client_user: 'bob', user: 'root', terminal: 'xterm/38400' });
  refuses(rlogin, [0, '\0bob\0root\0xterm\0']);
});

test('others are refused', () => {
  for (const dissector of [rpcTcp, x11, svn, rlogin]) refusesDecoys(dissector);
  refuses(rpcTcp, [0, record(call(1, 99, 3, 1))]);
  refuses(rpcTcp, [0, record(call(1, 100_003, 9, 1))]);
  refuses(x11, [0, setup('MIT-MAGIC-COOKIE-1', 'x').with(2, 12)]);
});
