/** Kerberos over both transports. */
import { describe, expect, it } from 'vitest';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { kerberosTcp, kerberosUdp } from '../../../src/app/kerberos.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { AS_REQ, ber, integer, kerberosError } from '../../support/app/datagrams.ts';
import { driveDatagrams, driveStream } from '../../support/app/drive.ts';
import { refusesDecoys, sized } from '../../support/app/steady.ts';

const facts = {
  messages: ['AS-REQ', 'KRB-ERROR'],
  realm: 'EXAMPLE.ORG',
  client: 'alice',
  server: 'krbtgt/EXAMPLE.ORG',
  etypes: [18, 17],
  error: 6,
};

describe('kerberos', () => {
  it('says over UDP who wants what of which realm', () => {
    const driven = driveDatagrams(kerberosUdp, [
      [0, AS_REQ],
      [1, kerberosError(6)],
    ]);
    expect(driven.facts.details.get('kerberos')).toEqual(facts);
    expect([...driven.facts.risks]).toEqual(['error_code_detected']);
    expect(driveDatagrams(kerberosUdp, [[1, AS_REQ]]).verdict).toBe(Verdict.NO);
  });

  it('takes the demand for a proof for what it is', () => {
    expect([...driveDatagrams(kerberosUdp, [[1, kerberosError(25)]]).facts.risks]).toEqual([]);
  });

  it('says the same over TCP', () => {
    const driven = drivenWell(kerberosTcp, [
      [0, sized(4, AS_REQ)],
      [1, sized(4, kerberosError(6))],
    ]);
    expect(driven.facts.details.get('kerberos')).toEqual(facts);
    expect(driven.progress).toBe(Progress.DONE);
  });

  it('is not another protocol', () => {
    refusesDecoys(kerberosTcp);
    const other = ber(0x6a, ber(0x30, ber(0xa1, integer(4)), ber(0xa2, integer(10))));
    expect(driveDatagrams(kerberosUdp, [[0, other]]).verdict).toBe(Verdict.NO);
    expect(driveStream(kerberosTcp, [[1, sized(4, AS_REQ)]]).verdict).toBe(Verdict.NO);
  });
});
