import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { bitcoin } from '../../../src/app/bitcoin.ts';
import { Verdict } from '../../../src/app/dissector.ts';
import { cutStream, noise, readStream } from '../../support/app/dialogue.ts';
import { driveStream, fromHex, type Sent } from '../../support/app/drive.ts';
import { join, text } from '../../support/app/tls.ts';

const le = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, 0];
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const named = (command: string) => join(text(command), new Uint8Array(12 - command.length));

function message(command: string, body: Uint8Array, checksum = true): Uint8Array {
  return join(fromHex('f9beb4d9'), named(command), le(body.length), checksum ? hash(hash(body)).subarray(0, 4) : [], body);
}

const version = (number: number, agent: string) => join(le(number), noise(76), [agent.length], text(agent), le(900), [1]);

it('reads the first messages of both sides', () => {
  const dialogue: Sent[] = [
    [0, message('version', version(70016, '/Satoshi:25.0.0/'))],
    [1, join(message('version', version(70015, '/Other:1/')), message('verack', new Uint8Array(0)))],
  ];
  const { verdict, facts, confirmed } = readStream(bitcoin, dialogue);
  expect(verdict).toBe(Verdict.YES);
  expect(confirmed).toBe(true);
  expect(facts.details.get('bitcoin')).toEqual({
    network: 'main',
    commands: ['version', 'verack'],
    client_version: 70016,
    client_agent: '/Satoshi:25.0.0/',
    server_version: 70015,
    server_agent: '/Other:1/',
  });
  expect(cutStream(bitcoin, dialogue)).toBe(24);
});

it('reads messages from before there were checksums', () => {
  const old = join(message('version', version(31900, ''), false), message('verack', new Uint8Array(0), false), message('inv', noise(37)));
  const { facts } = readStream(bitcoin, [[0, old]]);
  expect(facts.details.get('bitcoin')).toMatchObject({ client_version: 31900, commands: ['version', 'verack'] });
});

it('is nothing else', () => {
  expect(driveStream(bitcoin, [[0, join(fromHex('f9beb4d9'), noise(40))]]).verdict).toBe(Verdict.NO);
  expect(driveStream(bitcoin, [[0, noise(40)]]).verdict).toBe(Verdict.NO);
});
