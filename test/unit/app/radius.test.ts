/** RADIUS: authentication and accounting. */
import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { radius } from '../../../src/app/radius.ts';
import { exchanges, radiusMessage } from '../../support/app/datagrams.ts';
import { driveDatagrams } from '../../support/app/drive.ts';
import { be, join } from '../../support/app/steady.ts';

const attribute = (type: number, ...value: Parameters<typeof join>) => {
  const body = join(...value);
  return join(type, body.length + 2, body);
};

it('says who wants in, from where, and with what result', () => {
  const { facts } = driveDatagrams(radius, [exchanges.radius[0], [1, radiusMessage(3, 5, attribute(18, 'no'))]]);
  expect(facts.details.get('radius')).toEqual({ messages: ['access_request', 'access_reject'], user: 'alice', nas_address: '192.0.2.2' });
  expect([...facts.risks]).toEqual(['error_code_detected']);
});

it('reads accounting', () => {
  const request = radiusMessage(4, 1, join(attribute(40, be(2, 4)), attribute(44, 'session-1'), attribute(31, '00-00-5E-00-53-01')));
  expect(driveDatagrams(radius, [[0, request]]).facts.details.get('radius')).toMatchObject({
    accounting: 'stop',
    accounting_session: 'session-1',
    calling_station: '00-00-5E-00-53-01',
  });
});

it('wants more than a bare header, and attributes that fill the message', () => {
  const bare = radiusMessage(5, 9, new Uint8Array(0));
  expect(driveDatagrams(radius, [[1, bare]]).verdict).toBe(Verdict.MORE);
  expect(
    driveDatagrams(radius, [
      [1, bare],
      [0, radiusMessage(4, 9, attribute(40, be(1, 4)))],
    ]).verdict,
  ).toBe(Verdict.YES);
  expect(driveDatagrams(radius, [[0, radiusMessage(1, 9, attribute(4, 'x'))]]).verdict).toBe(Verdict.NO);
  expect(driveDatagrams(radius, [[0, join(radiusMessage(1, 9, attribute(1, 'bob')), 0)]]).verdict).toBe(Verdict.NO);
  expect(driveDatagrams(radius, [[1, radiusMessage(1, 9, attribute(1, 'bob'))]]).verdict).toBe(Verdict.NO);
});

it('names broken messages where RADIUS is usual', () => {
  const broken = driveDatagrams(radius, [[0, radiusMessage(1, 9, join(attribute(1, 'bob'), 4, 60))]], { clientPort: 1, serverPort: 1812 });
  expect(broken).toMatchObject({ verdict: Verdict.YES, confirmed: false });
  expect([...broken.facts.risks]).toEqual(['malformed_packet']);
});
