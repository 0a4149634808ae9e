import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { gnutellaTcp, gnutellaUdp } from '../../../src/app/gnutella.ts';
import { cutDatagrams, cutStream, noise, readStream } from '../../support/app/dialogue.ts';
import { driveDatagrams, driveStream, type Sent } from '../../support/app/drive.ts';
import { join, text } from '../../support/app/tls.ts';

const dialogue: Sent[] = [
  [0, 'GNUTELLA CONNECT/0.6\r\nUser-Agent: Servent/1.0\r\nX-Ultrapeer: False\r\n\r\n'],
  [1, 'GNUTELLA/0.6 200 OK\r\nUser-Agent: Hub/2.0\r\n\r\n'],
];

it('reads the handshake', () => {
  const { verdict, facts } = readStream(gnutellaTcp, dialogue);
  expect(verdict).toBe(Verdict.YES);
  expect(facts.details.get('gnutella')).toEqual({ user_agent: 'Servent/1.0', ultrapeer: false, status: '200 OK', server_agent: 'Hub/2.0' });
  expect(cutStream(gnutellaTcp, dialogue)).toBe(19);
  expect(driveStream(gnutellaTcp, [[0, 'GNUTELLA/0.6 200 OK\r\n']]).verdict).toBe(Verdict.NO);
});

const message = (type: number, ttl: number, hops: number, body: Uint8Array) =>
  join(noise(8), [0xff], noise(7, 2), [type, ttl, hops, body.length, 0, 0, 0], body);

it('reads messages over UDP', () => {
  const ping = message(0, 1, 0, join([0xc3], noise(8)));
  const { verdict, facts } = driveDatagrams(gnutellaUdp, [
    [0, ping],
    [1, message(1, 1, 0, join(noise(14), [0xc3], noise(5)))],
  ]);
  expect(verdict).toBe(Verdict.YES);
  expect(facts.details.get('gnutella')).toEqual({ messages: ['ping', 'pong'] });
  expect(cutDatagrams(gnutellaUdp, [[0, ping]])).toBe(0);
  const query = (i: number): Sent => [0, message(0x80, 2, i, noise(20, i))];
  expect(driveDatagrams(gnutellaUdp, [query(1), query(2)]).verdict).toBe(Verdict.MORE);
  expect(driveDatagrams(gnutellaUdp, [query(1), query(2), query(3)]).verdict).toBe(Verdict.YES);
  expect(driveDatagrams(gnutellaUdp, [[0, noise(60)]]).verdict).toBe(Verdict.NO);
});

it('reads Gnutella2', () => {
  const packet = join(text('GND'), [0, 0, 7, 1, 1], [0x54, 4], text('QKR'), noise(4));
  expect(driveDatagrams(gnutellaUdp, [[0, packet]]).facts.details.get('gnutella')).toEqual({ messages: ['QKR'] });
  expect(driveDatagrams(gnutellaUdp, [[0, text('GND is not a packet at all')]]).verdict).not.toBe(Verdict.YES);
});
