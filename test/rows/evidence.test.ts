/** Alerts with the packets that show them: what is kept, that it fires the rule again, and within which bounds. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AlertRecord } from '../../src/index.ts';
import { detect, firesAgain } from '../detection/evidence.ts';
import * as h from '../fixtures/headers.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { dhcpMessage } from '../support/dhcp-frames.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJsonLines, runWeir } from '../support/weir-command.ts';
import { type RawFrame, writeRawCapture } from './replay.ts';

const folder = new TemporaryFolder('evidence');
afterAll(() => folder[Symbol.dispose]());

const START = 1_700_000_000;
const SCANNER = [10, 0, 0, 66];
const VICTIM = [10, 0, 0, 7];
const SYN = 2;
const RST_ACK = 0x14;

const at = (ms: number, bytes: number[], wireLength = bytes.length): RawFrame => ({
  sec: START + Math.floor(ms / 1000),
  nsec: Math.round(ms % 1000) * 1_000_000,
  bytes,
  wireLength,
});
const tcp = (source: number[], destination: number[], sourcePort: number, destinationPort: number, flags: number): number[] =>
  h.ethernet(0x0800, h.ipv4(6, h.tcp([], { sourcePort, destinationPort, flags }), { source, destination }));
const udp = (source: number[], destination: number[], sourcePort: number, destinationPort: number, payload: number[]): number[] =>
  h.ethernet(0x0800, h.ipv4(17, h.udp(sourcePort, destinationPort, payload), { source, destination }));

/** A packet of others, that is no part of anything. */
const other = (ms: number) => at(ms, udp([10, 0, 1, 1], [10, 0, 1, 2], 5000, 5001, h.zeros(400)));

/** `count` times what is made `stepMs` apart, between traffic of others; something long after ends every wait. */
function capture(name: string, count: number, stepMs: number, make: (index: number, ms: number) => RawFrame[]): string {
  const frames = Array.from({ length: count }, (_, index) => [...make(index, index * stepMs), other(index * stepMs + 2)]).flat();
  return writeRawCapture(folder.file(name), 1, [...frames, other(count * stepMs + 60_000)]);
}

const scan = (name: string, ports: number, stepMs = 100): string =>
  capture(name, ports, stepMs, (index, ms) => [
    at(ms, tcp(SCANNER, VICTIM, 40_000, 1000 + index, SYN)),
    at(ms + 1, tcp(VICTIM, SCANNER, 1000 + index, 40_000, RST_ACK)),
  ]);

const arp = (operation: number, mac: number[], sender: number[], target: number[]): number[] => [
  ...(operation === 1 ? [255, 255, 255, 255, 255, 255] : h.MAC_B),
  ...mac,
  ...h.u16(0x0806),
  ...h.u16(1),
  ...h.u16(0x0800),
  ...h.u16(0x0604),
  ...h.u16(operation),
  ...mac,
  ...sender,
  ...h.zeros(6),
  ...target,
];

/** A question about a name and its answer. */
function lookup(ms: number, name: string, flags: number): RawFrame[] {
  const labels = name.split('.').flatMap((label) => [label.length, ...h.ascii(label)]);
  const message = (bits: number) => [...h.u16(7), ...h.u16(bits), ...h.u16(1), ...h.zeros(6), ...labels, 0, ...h.u16(1), ...h.u16(1)];
  const server = [10, 0, 0, 53];
  return [at(ms, udp(SCANNER, server, 5353 + ms, 53, message(0x0100))), at(ms + 1, udp(server, SCANNER, 53, 5353 + ms, message(flags)))];
}

const flood = folder.file('flood.pcap');
writeGenerated(flood, { profile: 'flood', packets: 3000, flows: 3000, seed: 5, rate: 1000 });

const echo = (type: number, size: number) => [type, 0, 0, 0, 0, 1, 0, 1, ...h.zeros(size)];
const ATTACKS: [string, string, string[]][] = [
  ['a scan of ports', scan('ports.pcap', 60), ['port_scan', 'vertical_scan']],
  ['a slow scan', scan('slow.pcap', 30, 20_000), ['slow_scan']],
  ['a flood of SYNs', flood, ['syn_flood']],
  [
    'a scan of hosts',
    capture('hosts.pcap', 60, 50, (index, ms) => [at(ms, tcp(SCANNER, [10, 0, 9, index], 40_000, 445, SYN))]),
    ['horizontal_scan', 'port_scan'],
  ],
  [
    'UDP to many ports, refused by ICMP',
    capture('udp.pcap', 60, 200, (index, ms) => {
      const probe = h.ipv4(17, h.udp(40_000, 2000 + index, h.zeros(8)), { source: SCANNER, destination: VICTIM });
      const refusal = h.ipv4(1, [3, 3, 0, 0, ...h.zeros(4), ...probe], { source: VICTIM, destination: SCANNER });
      return [at(ms, h.ethernet(0x0800, probe)), at(ms + 1, h.ethernet(0x0800, refusal))];
    }),
    ['udp_scan'],
  ],
  [
    'pings to many hosts',
    capture('sweep.pcap', 40, 100, (index, ms) => [
      at(ms, h.ethernet(0x0800, h.ipv4(1, echo(8, 20), { source: SCANNER, destination: [10, 0, 9, index] }))),
    ]),
    ['icmp_sweep'],
  ],
  [
    'data in pings, of which the beginning is kept',
    capture('ping.pcap', 400, 50, (_index, ms) => [
      at(ms, h.ethernet(0x0800, h.ipv4(1, echo(8, 1200), { source: SCANNER, destination: VICTIM }))),
      at(ms + 1, h.ethernet(0x0800, h.ipv4(1, echo(0, 1200), { source: VICTIM, destination: SCANNER }))),
    ]),
    ['icmp_tunnel'],
  ],
  [
    'ARP for many addresses',
    capture('arp-scan.pcap', 40, 100, (index, ms) => [at(ms, arp(1, h.MAC_A, SCANNER, [10, 0, 0, 100 + index]))]),
    ['arp_scan'],
  ],
  [
    'an address that goes back and forth',
    capture('arp-spoof.pcap', 6, 1000, (index, ms) => [at(ms, arp(2, index % 2 === 0 ? h.MAC_A : [2, 0, 0, 0, 0, 0x66], VICTIM, SCANNER))]),
    ['arp_spoof', 'arp_spoof'],
  ],
  ['DHCP messages of one station', capture('dhcp.pcap', 120, 100, (_index, ms) => [at(ms, dhcpMessage(h.MAC_A))]), ['dhcp_flood']],
  [
    'DHCP messages of many stations',
    capture('starvation.pcap', 220, 100, (index, ms) => [at(ms, dhcpMessage([2, 0, 0, 0, 9, index]))]),
    ['dhcp_flood'],
  ],
  [
    'names that do not exist',
    capture('nxdomain.pcap', 40, 200, (index, ms) => lookup(ms, `host${index}.some-${index}.example.com`, 0x8183)),
    ['nxdomain_burst'],
  ],
  [
    'data in names',
    capture('tunnel.pcap', 80, 200, (index, ms) => lookup(ms, `${'q7x1kz9w'.repeat(5)}${index}.${'a9'.repeat(20)}.tunnel.net`, 0x8180)),
    ['dns_tunnel'],
  ],
];

describe('the evidence of an alert fires its rule again, alone', () => {
  it.each(ATTACKS)('%s', async (what, path, kinds) => {
    const evidenceDir = folder.file(what.replaceAll(/\W+/g, '-'));
    const { alerts, summary } = await detect(path, { evidenceDir });
    expect(alerts.map(({ kind }) => kind).sort()).toEqual([...kinds].sort());
    for (const alert of alerts) {
      expect(alert.evidence).toEqual({ pcap: join(evidenceDir, `${alert.alert_id}.pcapng`), packets: expect.any(Number), complete: true });
      const { frames, damaged } = readCapture(alert.evidence!.pcap!);
      expect([frames.length, damaged]).toEqual([alert.evidence!.packets, false]);
      expect(await firesAgain(alert), alert.kind).toBe(true);
    }
    expect(readdirSync(evidenceDir).sort()).toEqual(alerts.map(({ alert_id }) => `${alert_id}.pcapng`).sort());
    expect(summary.alerts?.evidence).toMatchObject({ failed: 0, passed_over: 0, removed: 0 });
    expect(summary.ledger.holds).toBe(true);
  });

  it('and holds nobody else’s packets', async () => {
    const { alerts } = await detect(scan('others.pcap', 60), { evidenceDir: folder.file('others') });
    for (const { evidence } of alerts) {
      const { frames } = readCapture(evidence!.pcap!);
      expect(frames.every(({ bytes }) => bytes[23] === 6)).toBe(true);
      // The flow of the last event that counted has its answer behind it.
      expect(frames.length).toBeGreaterThan(50);
    }
  });
});

describe('what is kept of an alert', () => {
  it('is cut to the beginnings of packets, with their lengths', async () => {
    const { alerts } = await detect(ATTACKS[6][1], { evidenceDir: folder.file('cut') });
    const { frames } = readCapture(alerts[0].evidence!.pcap!);
    expect(new Set(frames.map(({ bytes, wireLength }) => `${bytes.length} of ${wireLength}`))).toEqual(new Set(['256 of 1242']));
  });

  it('is at most 5,000 packets, the newest, and says that it is not all', async () => {
    const path = folder.file('long-flood.pcap');
    writeGenerated(path, { profile: 'flood', packets: 50_000, flows: 50_000, seed: 5, rate: 20_000 });
    const { alerts } = await detect(path, { evidenceDir: folder.file('many') });
    const [alert] = alerts;
    expect(alert.evidence).toMatchObject({ packets: 5000, complete: false });
    const last = readCapture(alert.evidence!.pcap!).frames.at(-1)!;
    expect(last.sec + last.nsec / 1e9).toBeCloseTo(alert.last_seen, 2);
    expect(await firesAgain(alert)).toBe(true);
  });

  it('is not complete when some of it was overwritten', async () => {
    // What 256 KiB hold is not yet overwritten when the tick's alerts are made only if little else comes in it.
    const noisy = (name: string, noise: number) =>
      capture(name, 60, 100, (index, ms) => [
        at(ms, tcp(SCANNER, VICTIM, 40_000, 1000 + index, SYN)),
        ...(index % 10 === 5 ? Array.from({ length: noise }, () => other(ms)) : []),
      ]);
    const kept = async (noise: number) => {
      const { alerts } = await detect(noisy(`noise-${noise}.pcap`, noise), { evidenceDir: folder.file(`noise-${noise}`) }, 1 << 18);
      expect(alerts).toHaveLength(2);
      return alerts.map(({ evidence }) => evidence!);
    };
    for (const { complete, packets } of await kept(10)) expect([complete, packets > 25]).toEqual([true, true]);
    for (const { complete } of await kept(500)) expect(complete).toBe(false);
  });

  it('is nothing where nobody asks, where an alert is suppressed, and where no packet shows it', async () => {
    const path = scan('quiet.pcap', 60);
    expect((await detect(path, {})).alerts.map(({ evidence }) => evidence)).toEqual([null, null]);
    const evidenceDir = folder.file('suppressed');
    const { alerts } = await detect(path, { evidenceDir, suppress: [{ rule: 'port_scan' }] });
    const without = new Map(alerts.map(({ kind, evidence }) => [kind, evidence === null]));
    expect(Object.fromEntries(without)).toEqual({ port_scan: true, vertical_scan: false });
    const back = writeRawCapture(folder.file('back.pcap'), 1, [other(5000), other(1000), other(6000)]);
    const stepped = await detect(back, { evidenceDir });
    expect(stepped.alerts.map(({ kind, evidence }) => [kind, evidence])).toEqual([['clock_step', null]]);
  });
});

describe('the folder', () => {
  const MIB = 2 ** 20;

  it('stays within its size: the oldest go, what is not of it stays', async () => {
    const evidenceDir = folder.file('bounded');
    mkdirSync(evidenceDir);
    const old = Array.from({ length: 3 }, (_, index) => join(evidenceDir, `${index}`.repeat(16).concat('.pcapng')));
    for (const [index, path] of old.entries()) {
      writeFileSync(path, new Uint8Array(0.4 * MIB));
      utimesSync(path, START + index, START + index);
    }
    const kept = join(evidenceDir, 'notes.pcapng');
    writeFileSync(kept, new Uint8Array(2 * MIB));
    const left = join(evidenceDir, `${'9'.repeat(16)}.pcapng.partial`);
    writeFileSync(left, 'half');
    const { alerts, summary } = await detect(flood, { evidenceDir, evidenceMaxMb: 1 });
    expect(summary.alerts?.evidence?.removed).toBeGreaterThanOrEqual(1);
    expect(old.map((path) => existsSync(path))[0]).toBe(false);
    expect([existsSync(kept), existsSync(left)]).toEqual([true, false]);
    const own = readdirSync(evidenceDir).filter((name) => name !== 'notes.pcapng');
    const bytes = own.reduce((sum, name) => sum + statSync(join(evidenceDir, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(MIB);
    expect(own).toContain(`${alerts[0].alert_id}.pcapng`);
  });

  it('that cannot be written to stops the run before it starts', async () => {
    const file = folder.file('a-file');
    writeFileSync(file, '');
    await expect(detect(scan('stopped.pcap', 30), { evidenceDir: file })).rejects.toMatchObject({ code: 'OUTPUT' });
  });

  it('that goes away costs the evidence, not the alerts', async () => {
    const evidenceDir = folder.file('blocked');
    const path = scan('blocked.pcap', 60);
    const { alerts } = await detect(path, { evidenceDir });
    const again = folder.file('blocked-again');
    for (const { alert_id } of alerts) mkdirSync(join(again, `${alert_id}.pcapng`, 'in-the-way'), { recursive: true });
    const { alerts: told, summary, warnings } = await detect(path, { evidenceDir: again });
    expect(told.map(({ evidence }) => evidence?.pcap)).toEqual([null, null]);
    expect(summary.alerts?.evidence).toMatchObject({ written: 0, failed: expect.any(Number) });
    expect(warnings).toEqual([expect.stringContaining('cannot write')]);
  });
});

it('the command keeps evidence, and looks for attacks because of it', async () => {
  const [alerts, evidence] = [folder.file('alerts.jsonl'), folder.file('from-command')];
  const run = await runWeir(['replay', scan('command.pcap', 40), '--quiet', '--alerts-jsonl', alerts, '--evidence-dir', evidence]);
  expect([run.code, run.stderr]).toEqual([0, '']);
  const told = readJsonLines<AlertRecord>(alerts);
  for (const alert of told) expect(alert.evidence?.pcap).toBe(join(evidence, `${alert.alert_id}.pcapng`));
  const keys = Object.keys(JSON.parse(readFileSync(alerts, 'utf8').split('\n')[0]) as object);
  expect(keys.slice(-4)).toEqual(['flows', 'mitre', 'evidence', 'suppressed']);
  const alone = await runWeir(['replay', scan('alone.pcap', 40), '--evidence-dir', folder.file('alone')], {
    env: { WEIR_EVIDENCE_MAX_MB: '5' },
  });
  expect(alone.stdout + alone.stderr).toContain('[alert] medium vertical_scan');
  const against = await runWeir(['replay', 'x', '--no-anomalies', '--evidence-dir', 'y']);
  expect([against.code, against.stderr]).toEqual([2, expect.stringContaining('--evidence-dir needs detection')]);
});
