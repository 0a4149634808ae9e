import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { ssdp } from '../../../src/app/ssdp.ts';
import { driveDatagrams } from '../../support/app/drive.ts';

const SEARCH = 'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n';
const ANSWER =
  'HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nLOCATION: http://192.0.2.1/d.xml\r\nSERVER: OS/1 UPnP/2.0 p/1\r\nST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\n\r\n';

test('search and answer', () => {
  const { verdict, facts } = driveDatagrams(ssdp, [
    [0, SEARCH],
    [1, ANSWER],
  ]);
  expect(verdict).toBe(Verdict.YES);
  expect(facts.details.get('ssdp')).toEqual({
    method: 'M-SEARCH',
    types: ['ssdp:all', 'upnp:rootdevice'],
    location: 'http://192.0.2.1/d.xml',
    server: 'OS/1 UPnP/2.0 p/1',
    usn: 'uuid:1::upnp:rootdevice',
  });
  expect(facts.host).toBe('239.255.255.250');
});

test('an announcement alone, an answer alone', () => {
  expect(driveDatagrams(ssdp, [[0, 'NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\n\r\n']]).verdict).toBe(Verdict.YES);
  expect(driveDatagrams(ssdp, [[0, ANSWER]]).verdict).toBe(Verdict.YES);
});

test.each([
  'HTTP/1.1 200 OK\r\nServer: x\r\n\r\n',
  'GET / HTTP/1.1\r\nST: x\r\n\r\n',
  'NOTIFY sip:a@b SIP/2.0\r\nNT: x\r\n\r\n',
  'M-SEARCH',
])('%j is not SSDP', (bytes) => {
  expect(driveDatagrams(ssdp, [[0, bytes]]).verdict).toBe(Verdict.NO);
});
