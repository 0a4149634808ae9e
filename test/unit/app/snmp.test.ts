/** SNMP of all versions, and the BER under it. */
import { describe, expect, it } from 'vitest';
import { elementHeader, integerOf, oidText } from '../../../src/app/ber.ts';
import { Cursor } from '../../../src/app/cursor.ts';
import { Verdict } from '../../../src/app/dissector.ts';
import { snmp } from '../../../src/app/snmp.ts';
import { ber, integer, snmpMessage } from '../../support/app/datagrams.ts';
import { driveDatagrams, fromHex } from '../../support/app/drive.ts';
import { be, join } from '../../support/app/steady.ts';

describe('BER', () => {
  it('reads lengths of one to four bytes', () => {
    const header = (hex: string) => elementHeader(fromHex(hex), 0, hex.length / 2);
    expect(header('3005')).toEqual({ tag: 0x30, headerLength: 2, contentLength: 5 });
    expect(header('30820100')).toEqual({ tag: 0x30, headerLength: 4, contentLength: 256 });
    expect(header('3082')).toBeUndefined();
    expect(header('3080')).toBeNull();
    expect(header('3085')).toBeNull();
    expect(header('1f05')).toBeNull();
  });

  it('reads integers and object identifiers', () => {
    const value = (hex: string) => integerOf(new Cursor(fromHex(hex)));
    expect(value('7f')).toBe(127);
    expect(value('80')).toBe(-128);
    expect(value('00ffffffff')).toBe(4_294_967_295);
    expect(value('')).toBeNull();
    expect(oidText(fromHex('2b0601040182371514'))).toBe('1.3.6.1.4.1.311.21.20');
    expect(oidText(fromHex('883703'))).toBe('2.999.3');
  });
});

describe('SNMP', () => {
  it('names operations and objects, never the community', () => {
    const { facts } = driveDatagrams(snmp, [
      [0, snmpMessage(1, 0xa0)],
      [1, snmpMessage(1, 0xa2, 2)],
    ]);
    expect(facts.details.get('snmp')).toEqual({ version: '2c', operations: ['get', 'response'], oids: ['1.3.6.1.2.1.1.5.0'], error: 2 });
    expect([...facts.risks]).toEqual(['error_code_detected']);
    expect(JSON.stringify([...facts.details])).not.toContain('public');
  });

  it('reads traps of version 1', () => {
    const enterprise = ber(6, fromHex('2b06010401'));
    const trap = ber(0xa4, enterprise, ber(0x40, [192, 0, 2, 1]), integer(6), integer(1), ber(0x43, 1), ber(0x30));
    const { facts } = driveDatagrams(snmp, [[0, ber(0x30, integer(0), ber(4, 'public'), trap)]]);
    expect(facts.details.get('snmp')).toMatchObject({ version: '1', operations: ['trap'], oids: ['1.3.6.1.4.1'] });
  });

  it('reads what version 3 says in clear', () => {
    const user = ber(
      0x30,
      ber(4, fromHex('80001f8804aa')),
      integer(1),
      integer(2),
      ber(4, 'alice'),
      ber(4, new Uint8Array(12)),
      ber(4, new Uint8Array(8)),
    );
    const header = ber(0x30, integer(7), ber(2, be(65_507, 4)), ber(4, 3), integer(3));
    const message = ber(0x30, integer(3), header, ber(4, user), ber(4, new Uint8Array(32)));
    expect(driveDatagrams(snmp, [[0, message]]).facts.details.get('snmp')).toEqual({
      version: '3',
      user: 'alice',
      engine_id: '80001f8804aa',
      security: 'auth_priv',
    });
  });

  it('is not what only begins like it', () => {
    expect(driveDatagrams(snmp, [[1, snmpMessage(1, 0xa0)]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(snmp, [[0, snmpMessage(2, 0xa0)]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(snmp, [[0, join(snmpMessage(1, 0xa0), 0)]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(snmp, [[0, ber(0x30, integer(1), ber(4, 'x'), ber(0x30))]]).verdict).toBe(Verdict.NO);
  });
});
