import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { syslogTcp, syslogUdp } from '../../../src/app/syslog.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveDatagrams, driveStream } from '../../support/app/drive.ts';

const detail = (message: string) => driveDatagrams(syslogUdp, [[0, message]]).facts.details.get('syslog');

test('the examples of RFC 5424 and RFC 3164', () => {
  expect(detail('<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It is time')).toEqual({
    messages: 1,
    form: 'rfc5424',
    facility: 20,
    severity: 'notice',
    host: '192.0.2.1',
    program: 'myproc',
  });
  expect(detail("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8")).toMatchObject({
    form: 'rfc3164',
    severity: 'critical',
    host: 'mymachine',
    program: 'su',
  });
});

test('devices that follow neither', () => {
  expect(detail('<189>72: Mar  3 19:57:17.371: %LINK-5-CHANGED: Interface up')).toMatchObject({ form: 'cisco' });
  expect(detail('<189>date=2021-12-09 time=16:29:06 devname="x"')).toMatchObject({ form: 'dated' });
  expect(detail('<30>snmpd[6956]: Connection from UDP')).toMatchObject({ form: 'tagged', program: 'snmpd' });
});

test('over TCP, by lines and by octet counts', () => {
  expect(drivenWell(syslogTcp, dialogues.syslogTcp).facts.details.get('syslog')).toMatchObject({
    form: 'rfc5424',
    program: 'su',
    octet_counting: false,
  });
  expect(
    drivenWell(syslogTcp, [[0, '51 <34>Oct 11 22:14:15 mymachine su: something failed']]).facts.details.get('syslog')?.octet_counting,
  ).toBe(true);
});

test.each([
  '<192>1 2003-08-24T05:14:15Z h p - - -',
  '<034>Oct 11 22:14:15 h su: x',
  '<html><body>hello</body>',
  '<34>',
  '<1>\x00\x01\x02\x03\x04\x05\x06\x07',
  '<7>!!!! ????',
])('%j is not syslog', (message) => {
  expect(driveDatagrams(syslogUdp, [[0, message]]).verdict).toBe(Verdict.NO);
  expect(driveStream(syslogTcp, [[0, message]]).verdict).toBe(Verdict.NO);
});
