import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { zabbix } from '../../../src/app/zabbix.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues, joined } from '../../support/app/dialogues.ts';
import { driveStream, fromHex } from '../../support/app/drive.ts';

test('request, host, response', () => {
  expect(drivenWell(zabbix, dialogues.zabbix).facts.details.get('zabbix')).toEqual({
    request: 'active checks',
    host: 'web01',
    response: 'success',
  });
});

test('a passive agent: a plain question, a framed answer', () => {
  const { facts } = drivenWell(zabbix, [
    [0, 'agent.ping\n'],
    [1, joined('ZBXD', fromHex('01 01000000 00000000'), '1')],
  ]);
  expect(facts.details.get('zabbix')).toEqual({ key: 'agent.ping' });
});

test('a header that does not agree', () => {
  expect(driveStream(zabbix, [[0, joined('ZBXD', fromHex('01 01000000 01000000'), '1')]]).verdict).toBe(Verdict.NO);
  expect(driveStream(zabbix, [[0, joined('ZBXD', fromHex('08 01000000 00000000'), '1')]]).verdict).toBe(Verdict.NO);
});
