/** LDAP over TCP, CLDAP over UDP. */
import { describe, expect, it } from 'vitest';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { ldapTcp, ldapUdp } from '../../../src/app/ldap.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { ber, exchanges, integer, ldapMessage, ldapResult, ldapSearch, snmpMessage } from '../../support/app/datagrams.ts';
import { driveDatagrams, driveStream, fromHex, type Sent } from '../../support/app/drive.ts';
import { join, refusesDecoys } from '../../support/app/steady.ts';

const bind = (id: number, name: string, auth: Uint8Array) => ldapMessage(id, ber(0x60, integer(3), ber(4, name), auth));
const startTls = ldapMessage(1, ber(0x77, ber(0x80, '1.3.6.1.4.1.1466.20037')));
const tls = fromHex('16030100050102030405');

describe('LDAP', () => {
  it('says who binds how and looks for what; the password stays out', () => {
    const dialogue: Sent[] = [
      [0, bind(1, 'cn=alice,dc=example,dc=org', ber(0x80, 'secret'))],
      [1, ldapResult(1, 0x61, 0)],
      [0, ldapSearch(2, 'uid', 'bob')],
      [1, join(ldapMessage(2, ber(0x64, ber(4, 'uid=bob'), ber(0x30))), ldapResult(2, 0x65, 0))],
      [0, ldapMessage(3, ber(0x42))],
    ];
    const { facts } = drivenWell(ldapTcp, dialogue);
    expect(facts.details.get('ldap')).toEqual({
      operations: expect.arrayContaining(['bind', 'bind_response', 'search', 'unbind']) as string[],
      version: 3,
      user: 'cn=alice,dc=example,dc=org',
      mechanisms: ['simple'],
      base: '',
      scope: 'base',
      filter: ['uid'],
    });
    expect([...facts.risks]).toEqual(['cleartext_credentials']);
    expect(JSON.stringify([...facts.details])).not.toContain('secret');
  });

  it('knows an anonymous bind and a SASL mechanism', () => {
    expect([...driveStream(ldapTcp, [[0, bind(1, '', ber(0x80))]]).facts.risks]).toEqual([]);
    const sasl = driveStream(ldapTcp, [
      [0, bind(1, '', ber(0xa3, ber(4, 'GSS-SPNEGO'), ber(4, 'token')))],
      [1, ldapResult(1, 0x61, 49)],
    ]);
    expect(sasl.facts.details.get('ldap')).toMatchObject({ mechanisms: ['GSS-SPNEGO'], error: 49 });
  });

  it('reads the attributes of nested filters within bounds', () => {
    const equal = (name: string) => ber(0xa3, ber(4, name), ber(4, 'x'));
    let deep = equal('deep');
    for (let i = 0; i < 200; i++) deep = ber(0xa2, deep);
    const search = (filter: Uint8Array) =>
      ldapMessage(1, ber(0x63, ber(4, 'dc=example'), integer(2, 10), integer(0, 10), integer(0), integer(0), ber(1, 0), filter, ber(0x30)));
    const wide = driveStream(ldapTcp, [[0, search(ber(0xa0, equal('a'), ber(0xa1, equal('b'), ber(0x87, 'c'))))]]);
    expect(wide.facts.details.get('ldap')).toMatchObject({ base: 'dc=example', scope: 'subtree', filter: ['a', 'b', 'c'] });
    expect(driveStream(ldapTcp, [[0, search(deep)]]).facts.details.get('ldap')).not.toHaveProperty('filter');
  });

  it('hands over to TLS where the server agrees', () => {
    const driven = drivenWell(ldapTcp, [
      [0, startTls],
      [1, ldapResult(1, 0x78, 0)],
      [0, tls],
      [1, tls],
    ]);
    expect(driven).toMatchObject({ progress: Progress.HAND_OVER, offsets: [startTls.length, ldapResult(1, 0x78, 0).length] });
    expect(
      driveStream(ldapTcp, [
        [0, startTls],
        [1, ldapResult(1, 0x78, 2)],
      ]).progress,
    ).toBe(Progress.DONE);
  });

  it('ends where a security layer begins', () => {
    const driven = driveStream(ldapTcp, [
      [0, bind(1, '', ber(0xa3, ber(4, 'GSSAPI')))],
      [1, ldapResult(1, 0x61, 0)],
      [0, fromHex('00000010 deadbeef')],
    ]);
    expect(driven).toMatchObject({ progress: Progress.DONE, confirmed: true });
  });

  it('is not another protocol, nor the wrong side', () => {
    refusesDecoys(ldapTcp);
    expect(driveStream(ldapTcp, [[0, snmpMessage(1, 0xa0)]]).verdict).toBe(Verdict.NO);
    expect(driveStream(ldapTcp, [[1, startTls]]).verdict).toBe(Verdict.NO);
  });
});

describe('CLDAP', () => {
  it('reads whole messages only', () => {
    expect(driveDatagrams(ldapUdp, exchanges.ldapUdp).facts.details.get('ldap')).toMatchObject({ filter: ['DnsDomain'] });
    expect(driveDatagrams(ldapUdp, [[0, join(ldapSearch(1, 'a', 'b'), 0)]]).verdict).toBe(Verdict.NO);
  });
});
