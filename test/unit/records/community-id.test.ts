import { describe, expect, it } from 'vitest';
import { addressBytes } from '../../../src/flow/address-bytes.ts';
import { communityId, communityIdOfRow, communityIdOfTunnel, icmpPorts } from '../../../src/flow/community-id.ts';
import { RowFlag, RowRole } from '../../../src/flow/row.ts';
import { rowView } from '../../../src/flow/row-view.ts';
import { TunnelType } from '../../../src/ring/layout.ts';
import { entry } from './row-fixture.ts';

const bytes = (text: string): Uint8Array => addressBytes(text) as Uint8Array;

/** protocol, source, destination, source port, destination port (ICMP: type, code), seed, expected */
type Vector = [number, string, string, number | null, number | null, number, string];

const A6 = 'fe80:1:203:405:607:809:a0b:c0d';
const B6 = 'fe80:1011:1213:1415:1617:1819:1a1b:1c1d';

/** The published baselines. */
const BASELINES: Vector[] = [
  [6, '1.2.3.4', '5.6.7.8', 1122, 3344, 0, '1:wCb3OG7yAFWelaUydu0D+125CLM='],
  [6, '5.6.7.8', '1.2.3.4', 3344, 1122, 0, '1:wCb3OG7yAFWelaUydu0D+125CLM='],
  [6, '1.2.3.4', '5.6.7.8', 1122, 3344, 1, '1:HhA1B+6CoLbiKPEs5nhNYN4XWfk='],
  [17, '1.2.3.4', '5.6.7.8', 1122, 3344, 0, '1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg='],
  [17, '5.6.7.8', '1.2.3.4', 3344, 1122, 0, '1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg='],
  [132, '1.2.3.4', '5.6.7.8', 1122, 3344, 0, '1:EKt4MsxuyaE6mL+hmrEkQ9csDD8='],
  [132, '5.6.7.8', '1.2.3.4', 3344, 1122, 0, '1:EKt4MsxuyaE6mL+hmrEkQ9csDD8='],
  [1, '1.2.3.4', '5.6.7.8', 8, 0, 0, '1:crodRHL2FEsHjbv3UkRrfbs4bZ0='],
  [1, '5.6.7.8', '1.2.3.4', 0, 0, 0, '1:crodRHL2FEsHjbv3UkRrfbs4bZ0='],
  [1, '1.2.3.4', '5.6.7.8', 11, 0, 0, '1:f/YiSyWqczrTgfUCZlBUnvHRcPk='],
  [58, A6, B6, 128, 0, 0, '1:0bf7hyMJUwt3fMED7z8LIfRpBeo='],
  [58, B6, A6, 129, 0, 0, '1:0bf7hyMJUwt3fMED7z8LIfRpBeo='],
  [46, '1.2.3.4', '5.6.7.8', null, null, 0, '1:ikv3kmf89luf73WPz1jOs49S768='],
  [46, '5.6.7.8', '1.2.3.4', null, null, 0, '1:ikv3kmf89luf73WPz1jOs49S768='],
  [6, '128.232.110.120', '66.35.250.204', 34855, 80, 0, '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
  [17, '192.168.1.52', '8.8.8.8', 54585, 53, 0, '1:d/FP5EW3wiY1vCndhwleRRKHowQ='],
  [132, '192.168.170.8', '192.168.170.56', 7, 80, 0, '1:jQgCxbku+pNGw8WPbEc/TS/uTpQ='],
  [1, '192.168.0.89', '192.168.0.1', 8, 0, 0, '1:X0snYXpgwiv9TZtqg64sgzUn6Dk='],
  [1, '192.168.0.1', '192.168.0.89', 0, 8, 0, '1:X0snYXpgwiv9TZtqg64sgzUn6Dk='],
  [1, '192.168.0.89', '192.168.0.1', 20, 0, 0, '1:3o2RFccXzUgjl7zDpqmY7yJi8rI='],
  [1, '192.168.0.89', '192.168.0.1', 20, 1, 0, '1:tz/fHIDUHs19NkixVVoOZywde+I='],
  [58, 'fe80::200:86ff:fe05:80da', 'fe80::260:97ff:fe07:69ea', 135, 0, 0, '1:dGHyGvjMfljg6Bppwm3bg0LO8TY='],
  [58, 'fe80::260:97ff:fe07:69ea', 'fe80::200:86ff:fe05:80da', 136, 0, 0, '1:dGHyGvjMfljg6Bppwm3bg0LO8TY='],
  [58, '3ffe:507:0:1:260:97ff:fe07:69ea', '3ffe:507:0:1:200:86ff:fe05:80da', 3, 0, 0, '1:NdobDX8PQNJbAyfkWxhtL2Pqp5w='],
];

function tupleId([protocol, source, destination, first, second, seed]: Vector): string {
  const icmp = (protocol === 1 || protocol === 58) && first !== null && second !== null ? icmpPorts(protocol, first, second) : null;
  return communityId(
    {
      protocol,
      source: bytes(source),
      destination: bytes(destination),
      sourcePort: icmp?.source ?? first,
      destinationPort: icmp?.destination ?? second,
      oneWay: icmp?.oneWay ?? false,
    },
    seed,
  );
}

/** The same vector as a flow row: endpoints in the order of the row, ICMP as the decoder stores it. */
function rowId([protocol, source, destination, first, second, seed]: Vector): string {
  const icmp = protocol === 1 || protocol === 58;
  const ports = icmp ? icmpPorts(protocol, first ?? 0, second ?? 0) : { source: first ?? 0, destination: second ?? 0, oneWay: false };
  const fromA = Buffer.compare(bytes(source), bytes(destination)) <= 0;
  const spec = {
    protocol,
    a: fromA ? source : destination,
    b: fromA ? destination : source,
    portA: fromA ? ports.source : ports.destination,
    portB: fromA ? ports.destination : ports.source,
    role: (ports.oneWay ? RowRole.ONE_WAY : 0) | (!icmp && first !== null ? RowRole.HAS_PORTS : 0),
    packetsA: fromA ? 1 : 0,
    packetsB: fromA ? 0 : 1,
    icmpType: icmp ? (first ?? 0) : 0,
    icmpCode: icmp ? (second ?? 0) : 0,
  };
  return communityIdOfRow(rowView(entry(spec)), 0, seed);
}

describe('Community ID', () => {
  it.each(BASELINES)('protocol %i %s -> %s %s/%s seed %i is %s', (...vector) => {
    expect(tupleId(vector)).toBe(vector[6]);
    expect(rowId(vector)).toBe(vector[6]);
  });

  it('orders by port when the addresses are equal', () => {
    const one = communityId(
      { protocol: 17, source: bytes('127.0.0.1'), destination: bytes('127.0.0.1'), sourcePort: 9, destinationPort: 7, oneWay: false },
      0,
    );
    const two = communityId(
      { protocol: 17, source: bytes('127.0.0.1'), destination: bytes('127.0.0.1'), sourcePort: 7, destinationPort: 9, oneWay: false },
      0,
    );
    expect(one).toBe(two);
  });

  it('takes the sender of a one-way message from the side that sent', () => {
    const spec = { protocol: 1, a: '10.0.0.1', b: '10.0.0.2', role: RowRole.ONE_WAY, icmpType: 3, icmpCode: 1 };
    const fromA = communityIdOfRow(rowView(entry({ ...spec, packetsA: 1, packetsB: 0 })), 0, 0);
    const fromB = communityIdOfRow(rowView(entry({ ...spec, packetsA: 0, packetsB: 1 })), 0, 0);
    const clientB = communityIdOfRow(rowView(entry({ ...spec, packetsA: 2, packetsB: 1, flags: RowFlag.CLIENT_IS_B })), 0, 0);
    expect(fromA).not.toBe(fromB);
    expect(clientB).toBe(fromB);
  });

  it('leaves out ports where the protocol has none for it', () => {
    const withPorts = entry({ protocol: 33, portA: 5, portB: 6 });
    const without = entry({ protocol: 33, portA: 0, portB: 0, role: 0 });
    expect(communityIdOfRow(rowView(withPorts), 0, 0)).toBe(communityIdOfRow(rowView(without), 0, 0));
  });

  it('is empty for addresses of different lengths', () => {
    expect(
      communityId(
        { protocol: 6, source: bytes('::1'), destination: bytes('1.2.3.4'), sourcePort: 1, destinationPort: 2, oneWay: false },
        0,
      ),
    ).toBe('');
  });

  it('names the flow around a tunnel from the text of its addresses', () => {
    const facts = { id: 1, type: TunnelType.VXLAN, protocol: 17, ipVersion: 4 as const, scope: 7, parent: 0 };
    const tunnel = { ...facts, source: '5.6.7.8', destination: '1.2.3.4', sourcePort: 3344, destinationPort: 1122 };
    expect(communityIdOfTunnel(tunnel, 0)).toBe('1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg=');
    expect(communityIdOfTunnel({ ...tunnel, source: 'no address' }, 0)).toBe('');
  });
});
