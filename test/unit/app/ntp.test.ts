/** NTP in all its modes. */
import { describe, expect, it } from 'vitest';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { ntp } from '../../../src/app/ntp.ts';
import { ntpPacket } from '../../support/app/datagrams.ts';
import { driveDatagrams, fromHex } from '../../support/app/drive.ts';
import { join, steadyDatagrams } from '../../support/app/steady.ts';

describe('NTP', () => {
  it('has read all when both sides have spoken', () => {
    const driven = steadyDatagrams(ntp, [
      [0, ntpPacket(3, 0)],
      [1, ntpPacket(4, 2)],
    ]);
    expect(driven).toMatchObject({ verdict: Verdict.YES, progress: Progress.DONE });
    expect(driven.facts.details.get('ntp')).toEqual({ version: 4, mode: 'server', stratum: 2, reference: '192.0.2.123' });
  });

  it('names the clock of a primary server, and takes servers that broadcast from either side', () => {
    expect(driveDatagrams(ntp, [[1, ntpPacket(4, 1)]]).facts.details.get('ntp')).toMatchObject({ stratum: 1, reference: 'GPS' });
    const broadcast = ntpPacket(5, 2).fill(0, 24, 40);
    expect(driveDatagrams(ntp, [[0, broadcast]]).facts.details.get('ntp')).toMatchObject({ mode: 'broadcast' });
  });

  it('allows a digest or extensions behind the packet, nothing else', () => {
    const packet = ntpPacket(3, 0);
    expect(driveDatagrams(ntp, [[0, join(packet, new Uint8Array(20))]]).verdict).toBe(Verdict.YES);
    expect(driveDatagrams(ntp, [[0, join(packet, fromHex('0104 0010'), new Uint8Array(12))]]).verdict).toBe(Verdict.YES);
    expect(driveDatagrams(ntp, [[0, join(packet, new Uint8Array(7))]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(ntp, [[0, ntpPacket(4, 2)]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(ntp, [[0, packet.with(1, 17)]]).verdict).toBe(Verdict.NO);
    expect(driveDatagrams(ntp, [[0, packet.with(4, 0x40)]]).verdict).toBe(Verdict.NO);
  });

  it('reads control messages', () => {
    const asked = fromHex('16 02 0001 0000 0000 0000 0000');
    const told = join(fromHex('16 82 0001 0615 0000 0000 000c'), 'version="4"\n');
    const driven = driveDatagrams(ntp, [
      [0, asked],
      [1, told],
    ]);
    expect(driven.facts.details.get('ntp')).toMatchObject({ version: 2, mode: 'control', operation: 'read_variables' });
    expect(driveDatagrams(ntp, [[1, told.with(14, 0xff)]]).verdict).toBe(Verdict.NO);
  });

  it('reads private messages, and says when the list of clients is asked for', () => {
    const monlist = join(fromHex('17 00 03 2a 0000 0000'), new Uint8Array(40));
    expect(driveDatagrams(ntp, [[0, monlist]]).facts.details.get('ntp')).toEqual({
      version: 2,
      mode: 'private',
      request: 42,
      monitor_list: true,
    });
    const answer = join(fromHex('d7 00 03 2a 0002 0048'), new Uint8Array(144).fill(9));
    expect(driveDatagrams(ntp, [[1, answer]]).verdict).toBe(Verdict.YES);
    expect(driveDatagrams(ntp, [[1, answer.subarray(0, 100)]]).verdict).toBe(Verdict.NO);
  });
});
