import { describe, expect, it } from 'vitest';
import type { FlowTuple } from '../../../src/detect/events.ts';
import { proofOf, SCOPES } from '../../../src/detect/proof.ts';
import type { Finding } from '../../../src/detect/rule.ts';
import { RULES } from '../../../src/detect/rules.ts';

const SECOND = 1e9;

function finding(source: string | null, target: string | null, flows: FlowTuple[] = []): Finding {
  const words = { observed: {}, threshold: {}, windowSecs: 60, description: 'x' };
  return { at: 90 * SECOND, firstAt: 80 * SECOND, source, target, flows, ...words };
}

/** Clauses as text: protocol, one end, the other. */
function clauses(kind: string, given: Finding): string[] | null {
  const end = (address: string | null, port: number | null) => `${address ?? '*'}:${port ?? '*'}`;
  const proof = proofOf(kind, given, 70 * SECOND);
  if (proof === null) return null;
  return proof.clauses.map(
    ({ arp, protocol, address, port, peer, peerPort }) =>
      `${arp ? 'arp' : (protocol ?? 'any')} ${end(address, port)} ${end(peer, peerPort)}`,
  );
}

const tuple = (protocol: number, port: number): FlowTuple => ({
  protocol,
  source: '\n\0\0\x01',
  sourcePort: 4000,
  target: '\n\0\0\x02',
  targetPort: port,
});

describe('the packets that show a finding', () => {
  it.each([
    ['port_scan', '10.0.0.1', null, ['6 10.0.0.1:* *:*']],
    ['vertical_scan', '10.0.0.1', '10.0.0.2', ['6 10.0.0.1:* 10.0.0.2:*']],
    ['syn_flood', null, '10.0.0.2:80', ['6 *:* 10.0.0.2:80']],
    ['syn_flood', '2001:db8::1', '[2001:db8::2]:80', ['6 2001:db8::1:* 2001:db8::2:80']],
    ['dns_tunnel', '10.0.0.1', 'tunnel.example', ['17 10.0.0.1:* *:53', '6 10.0.0.1:* *:53']],
    ['arp_spoof', '02:00:00:00:00:01', '10.0.0.2', ['arp 10.0.0.2:* *:*']],
    ['arp_scan', '10.0.0.1', null, ['arp 10.0.0.1:* *:*']],
    ['arp_scan', '02:00:00:00:00:01', null, ['arp *:* *:*']],
    ['dhcp_flood', '02:00:00:00:00:01', null, ['17 *:* *:67', '17 *:* *:547']],
    ['dhcp_flood', null, null, ['17 *:* *:67', '17 *:* *:547']],
    ['icmp_sweep', '10.0.0.1', null, ['1 10.0.0.1:* *:*', '58 10.0.0.1:* *:*']],
    ['flow_volume', '10.0.0.1:4000', '10.0.0.2:80', ['any 10.0.0.1:4000 10.0.0.2:80']],
    ['of_somebody', '10.0.0.1', '10.0.0.2', ['any 10.0.0.1:* 10.0.0.2:*']],
    ['of_somebody', 'a-host', null, null],
    ['capture_loss', null, null, null],
    ['clock_step', null, null, null],
  ])('%s of %s and %s', (kind, source, target, expected) => {
    expect(clauses(kind, finding(source, target))).toEqual(expected);
  });

  it('are those of its flows, where nobody is named', () => {
    const given = finding(null, 'some name', [tuple(6, 80), tuple(1, 0)]);
    expect(clauses('of_somebody', given)).toEqual(['6 10.0.0.1:4000 10.0.0.2:80', '1 10.0.0.1:* 10.0.0.2:*']);
  });

  it('come since shortly before the alert began, or since longer before where more depends on it', () => {
    const since = (kind: string) => proofOf(kind, finding('10.0.0.1', '10.0.0.2'), 7000 * SECOND);
    expect(since('port_scan')).toMatchObject({ fromNs: 6990 * SECOND, firstNs: 7000 * SECOND, toNs: 90 * SECOND });
    expect(since('arp_spoof')).toMatchObject({ fromNs: 5200 * SECOND });
  });

  it('are known for every rule that there is, and no other', () => {
    expect(Object.keys(SCOPES).sort()).toEqual(RULES.map(({ kind }) => kind).sort());
  });
});
