import { expect, test } from 'vitest';
import { Progress } from '../../../src/app/dissector.ts';
import { readNtlm } from '../../../src/app/ntlm.ts';
import { smb } from '../../../src/app/smb.ts';
import { driveStream, type Sent } from '../../support/app/drive.ts';
import { ntlmAuthenticate, ntlmChallenge } from '../../support/app/ntlm.ts';
import { be, join, le, refuses, refusesDecoys, steadyStream, utf16 } from '../../support/app/steady.ts';

const session = (message: Uint8Array) => join(0, be(message.length, 3), message);

function smb1(
  command: number,
  { reply = false, words = [], data = new Uint8Array(0) }: { reply?: boolean; words?: readonly number[]; data?: Uint8Array } = {},
): Uint8Array {
  const head = join('\xffSMB', command, le(0, 4), reply ? 0x80 : 0, le(0x8801, 2), new Uint8Array(20));
  return session(join(head, words.length / 2, [...words], le(data.length, 2), data));
}

function smb2(command: number, reply: boolean, body: Uint8Array): Uint8Array {
  const head = join('\xfeSMB', le(64, 2), le(0, 2), le(0, 4), le(command, 2), le(1, 2), le(reply ? 1 : 0, 4), new Uint8Array(44));
  return session(join(head, body));
}

const sessionSetup2 = (reply: boolean, token: Uint8Array) =>
  smb2(
    1,
    reply,
    reply
      ? join(le(9, 2), le(0, 2), le(72, 2), le(token.length, 2), token)
      : join(le(25, 2), new Uint8Array(10), le(88, 2), le(token.length, 2), new Uint8Array(8), token),
  );
const treeConnect2 = (path: string) => smb2(3, false, join(le(9, 2), le(0, 2), le(72, 2), le(path.length * 2, 2), utf16(path)));
const create2 = (name: string) =>
  smb2(5, false, join(le(57, 2), new Uint8Array(42), le(120, 2), le(name.length * 2, 2), new Uint8Array(8), utf16(name)));
const negotiated2 = smb2(0, true, join(le(65, 2), le(1, 2), le(0x0311, 2), new Uint8Array(58)));
const dialects1 = (...names: string[]) => smb1(0x72, { data: join(...names.flatMap((name) => [2, name, 0])) });

const SMB2: Sent[] = [
  [0, dialects1('NT LM 0.12', 'SMB 2.002', 'SMB 2.???')],
  [1, negotiated2],
  [1, sessionSetup2(true, ntlmChallenge())],
  [0, sessionSetup2(false, join('\x60\x40', ntlmAuthenticate()))],
  [0, treeConnect2('\\\\FILES\\share')],
  [0, create2('reports\\2024.xlsx')],
];

test('SMB 3 behind a negotiation of SMB 1', () => {
  const run = steadyStream(smb, SMB2);
  expect(run.facts.detail('smb')).toEqual({
    offered_dialects: ['NT LM 0.12', 'SMB 2.002', 'SMB 2.???'],
    dialect: '3.1.1',
    server_name: 'files.example.org',
    server_domain: 'example.org',
    server_version: '10.0.17763',
    user: 'alice',
    domain: 'EXAMPLE',
    workstation: 'LAPTOP',
    trees: ['\\\\FILES\\share'],
    files: ['reports\\2024.xlsx'],
  });
  expect(run.facts.risks.size).toBe(0);
  expect(run.confirmed).toBe(true);
});

const open = (sent: readonly Sent[]) => {
  const heads = ([0, 1] as const).map((side) => {
    const bytes = join(...sent.filter(([by]) => by === side).map(([, piece]) => piece));
    return { bytes, length: bytes.length, complete: true };
  });
  const { facts } = driveStream(smb, []);
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
  const opened = smb.open(context) as ReturnType<typeof smb.open> & { label: string };
  opened.advance([heads[0], heads[1]]);
  return opened.label;
};

test('the label follows the version', () => {
  expect(open(SMB2)).toBe('smbv23');
  expect(open([[0, dialects1('NT LM 0.12')]])).toBe('smbv1');
  expect(open([[0, sessionRequest('FILESERVER', 'LAPTOP')]])).toBe('netbios');
});

function encoded(name: string): Uint8Array {
  const padded = Buffer.from(`${name.padEnd(15)} `, 'latin1');
  return join(32, ...[...padded].flatMap((byte) => [0x41 + (byte >> 4), 0x41 + (byte & 15)]), 0);
}
const sessionRequest = (called: string, calling: string) => join(0x81, be(68, 3), encoded(called), encoded(calling));

test('SMB 1 over NetBIOS: names, dialect, account, tree and file', () => {
  const setup = join(utf16('x'), 'hash', 0, utf16('bob\0'), utf16('LAB\0'), utf16('Unix\0'), utf16('Samba\0'));
  const words = [0xff, 0, 0, 0, ...le(4096, 2), ...le(2, 2), ...le(0, 2), ...le(0, 4), ...le(2, 2), ...le(4, 2), ...le(0, 4), ...le(0, 4)];
  const run = steadyStream(smb, [
    [0, sessionRequest('FILESERVER', 'LAPTOP')],
    [1, '\x82\0\0\0'],
    [0, dialects1('LANMAN1.0', 'NT LM 0.12')],
    [1, smb1(0x72, { reply: true, words: [...le(1, 2), ...new Uint8Array(32)] })],
    [0, smb1(0x73, { words, data: setup })],
    [0, smb1(0x75, { words: [0xff, 0, 0, 0, 0, 0, ...le(1, 2)], data: join(0, utf16('\\\\FILESERVER\\IPC$\0'), '?????\0') })],
    [0, smb1(0xa2, { words: [0xff, 0, 0, 0, ...new Uint8Array(44)], data: join(0, utf16('\\svcctl\0')) })],
  ]);
  expect(run.facts.detail('netbios')).toEqual({ called: 'FILESERVER', calling: 'LAPTOP' });
  expect(run.facts.host).toBe('FILESERVER');
  expect(run.facts.detail('smb')).toEqual({
    offered_dialects: ['LANMAN1.0', 'NT LM 0.12'],
    dialect: 'NT LM 0.12',
    user: 'bob',
    domain: 'LAB',
    client_os: 'Unix',
    client_software: 'Samba',
    trees: ['\\\\FILESERVER\\IPC$'],
    files: ['\\svcctl'],
  });
  expect([...run.facts.risks]).toEqual(['smb_insecure_version']);
});

test('an offer of SMB 1 alone is no insecure version yet', () => {
  expect(driveStream(smb, [[0, dialects1('NT LM 0.12')]]).facts.risks.size).toBe(0);
});

test('encryption ends the reading', () => {
  const run = steadyStream(smb, [
    [1, negotiated2],
    [0, session(join('\xfdSMB', new Uint8Array(60)))],
  ]);
  expect(run.progress).toBe(Progress.DONE);
  expect(run.facts.detail('smb')).toEqual({ dialect: '3.1.1', encrypted: true });
});

test('others are refused', () => {
  refusesDecoys(smb);
  refuses(smb, [0, join(0, be(40, 3), 'SMBx', new Uint8Array(40))]);
  refuses(smb, [0, join(0, be(100, 3), '\xfeSMB', le(63, 2), new Uint8Array(94))]);
  refuses(smb, [0, join(0x81, be(68, 3), new Uint8Array(68).fill(0x41))]);
  refuses(smb, [1, '\x82\0\0\0']);
});

test('an NTLM message is read with lengths and offsets that lie', () => {
  const message = ntlmAuthenticate();
  expect(readNtlm(message)?.user).toBe('alice');
  for (let at = 8; at < message.length; at++) {
    for (const value of [0, 0x7f, 0xff]) expect(() => readNtlm(message.with(at, value))).not.toThrow();
  }
  for (let cut = 0; cut < message.length; cut++) expect(() => readNtlm(message.subarray(0, cut))).not.toThrow();
  expect(readNtlm(join('NTLMSSP\0', le(9, 4), new Uint8Array(60)))).toBeNull();
});
