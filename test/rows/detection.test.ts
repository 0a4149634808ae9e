/** Detection end to end: packets in, alerts out, the same for any number of shards. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type AlertRecord, type DetectOptions, Sensor } from '../../src/index.ts';
import { TCP_ACK, TCP_RST, TCP_SYN, type TimedFrame, tcpFrame, udpFrame, writeCaptureFile } from '../support/frames.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJsonLines, runWeir } from '../support/weir-command.ts';

const folder = new TemporaryFolder('detection');
afterAll(() => folder[Symbol.dispose]());
const START_US = 1_700_000_000_000_000;
const SCANNER = '10.0.0.66';
const VICTIM = '10.0.0.7';

interface Detected {
  alerts: AlertRecord[];
  warnings: string[];
  deterministic: boolean;
}

async function detect(path: string, shards = 1, options: Partial<DetectOptions> = {}, maxFlows = 100_000): Promise<Detected> {
  await using sensor = new Sensor({
    input: { kind: 'replay', files: [path] },
    tracking: { shards, maxFlows },
    detect: options,
    records: false,
  });
  const last = new Map<string, AlertRecord>();
  const warnings: string[] = [];
  sensor.on('alert', (alert) => last.set(alert.alert_id, alert));
  sensor.on('warning', ({ message }) => warnings.push(message));
  await sensor.start();
  const { deterministic } = await sensor.done;
  return { alerts: [...last.values()], warnings, deterministic };
}

const syn = (atMs: number, source: string, destination: string, destinationPort: number, sourcePort = 40_000): TimedFrame => ({
  timeUs: START_US + atMs * 1000,
  bytes: tcpFrame({ source, destination, sourcePort, destinationPort, seq: 1, ack: 0, flags: TCP_SYN, payload: new Uint8Array(0) }),
});
const refusal = (atMs: number, source: string, sourcePort: number, destination: string, destinationPort = 40_000): TimedFrame => ({
  timeUs: START_US + atMs * 1000,
  bytes: tcpFrame({
    source,
    destination,
    sourcePort,
    destinationPort,
    seq: 0,
    ack: 2,
    flags: TCP_RST | TCP_ACK,
    payload: new Uint8Array(0),
  }),
});
/** Something long after, so that every wait is over. */
const later = (atMs: number): TimedFrame => ({
  timeUs: START_US + atMs * 1000,
  bytes: udpFrame({ source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 5000, destinationPort: 5001, payload: new Uint8Array(8) }),
});

/** A scan of so many ports, every one refused, `stepMs` apart. */
function scan(name: string, ports: number, stepMs: number): string {
  const frames = Array.from({ length: ports }, (_, i) => [
    syn(i * stepMs, SCANNER, VICTIM, 1000 + i),
    refusal(i * stepMs + 1, VICTIM, 1000 + i, SCANNER),
  ]).flat();
  const path = folder.file(name);
  writeCaptureFile(path, [...frames, later(ports * stepMs + 30_000)]);
  return path;
}

const kinds = ({ alerts }: Detected) => alerts.map(({ kind }) => kind).sort();

describe('a scan of ports', () => {
  it('is nothing up to the last port below the limit, and one alert of each rule from there on', async () => {
    expect(kinds(await detect(scan('24.pcap', 24, 100)))).toEqual([]);
    expect(kinds(await detect(scan('25.pcap', 25, 100)))).toEqual(['port_scan', 'vertical_scan']);
    const { alerts } = await detect(scan('60.pcap', 60, 100));
    expect(alerts.map(({ kind, count }) => [kind, count > 1])).toEqual(
      expect.arrayContaining([
        ['vertical_scan', true],
        ['port_scan', true],
      ]),
    );
    expect(alerts).toHaveLength(2);
  });

  it('names who, whom, how many, when, and the flows that show it', async () => {
    const { alerts } = await detect(scan('named.pcap', 25, 100));
    const alert = alerts.find(({ kind }) => kind === 'vertical_scan');
    expect(alert).toMatchObject({
      source: SCANNER,
      target: VICTIM,
      severity: 'medium',
      observed: { ports: 25 },
      threshold: { ports: 25 },
      suppressed: false,
    });
    expect(alert?.first_seen).toBe(START_US / 1e6);
    expect(alert?.ts).toBe(START_US / 1e6 + 2.4);
    expect(alert?.flows).toHaveLength(20);
    expect(alert?.mitre.map(({ technique }) => technique)).toContain('T1046');
  });

  it('gives byte for byte the same alerts for any number of shards', async () => {
    const path = scan('shards.pcap', 80, 50);
    const one = await detect(path, 1);
    expect(one.alerts.length).toBeGreaterThan(0);
    for (const shards of [2, 4, 8]) expect((await detect(path, shards)).alerts, `${shards} shards`).toEqual(one.alerts);
  });

  it('of nmap, as it was recorded, is found', async () => {
    const nmap = fileURLToPath(new URL('../fixtures/scan.pcap', import.meta.url));
    const one = await detect(nmap);
    expect(kinds(one)).toEqual(['port_scan', 'vertical_scan']);
    expect(one.alerts.map(({ source, target, count }) => [source, target, count > 1])).toEqual([
      ['192.0.2.10', '192.0.2.20', true],
      ['192.0.2.10', '192.0.2.20', true],
    ]);
    expect((await detect(nmap, 4)).alerts).toEqual(one.alerts);
  });

  it('is not judged where a configuration says so, and becomes what it says', async () => {
    const path = scan('configured.pcap', 30, 100);
    expect(kinds(await detect(path, 1, { enabled: false }))).toEqual([]);
    expect(kinds(await detect(path, 1, { allow: [{ source: SCANNER }] }))).toEqual([]);
    expect(kinds(await detect(path, 1, { rules: { port_scan: { enabled: false }, vertical_scan: { ports: 31 } } }))).toEqual([]);
    const { alerts } = await detect(path, 1, { rules: { vertical_scan: { severity: 'critical' } }, suppress: [{ rule: 'port_scan' }] });
    const told = alerts.map(({ kind, severity, suppressed }) => ({ kind, severity, suppressed }));
    expect(told).toContainEqual({ kind: 'vertical_scan', severity: 'critical', suppressed: false });
    expect(told).toContainEqual(expect.objectContaining({ kind: 'port_scan', suppressed: true }));
    await expect(detect(path, 1, { rules: { port_scam: { ports: 3 } } })).rejects.toThrow('port_scam');
  });
});

describe('a flood of SYNs', () => {
  const RATE = 50_000;
  const path = folder.file('flood.pcap');
  writeGenerated(path, { profile: 'flood', packets: 200_000, flows: 200_000, seed: 5, rate: RATE });

  it.each([1, 4])(
    'is told once, with its rate right within one percent, with %d shards and a table that is far too small',
    async (shards) => {
      const { alerts } = await detect(path, shards, {}, 10_000);
      const floods = alerts.filter(({ kind }) => kind === 'syn_flood');
      expect(floods).toHaveLength(1);
      expect(Math.abs(Number(floods[0].observed.per_sec) - RATE)).toBeLessThan(RATE / 100);
      expect(alerts.filter(({ kind }) => /scan/.test(kind))).toEqual([]);
    },
  );
});

describe('connections that a server accepts', () => {
  const SERVER = '10.0.0.80';
  const segment = (atMs: number, i: number, toServer: boolean, flags: number): TimedFrame => {
    const client = `198.51.${100 + (i >> 8)}.${i & 255}`;
    const [source, destination] = toServer ? [client, SERVER] : [SERVER, client];
    const [sourcePort, destinationPort] = toServer ? [20_000 + i, 443] : [443, 20_000 + i];
    const frame = { source, destination, sourcePort, destinationPort, seq: 1, ack: 1, flags, payload: new Uint8Array(0) };
    return { timeUs: START_US + Math.round(atMs * 1000), bytes: tcpFrame(frame) };
  };
  /** 1,000 clients a second for three seconds; `confirms`: whether the third packet of the handshake comes. */
  const served = (name: string, confirms: boolean): string => {
    const frames: TimedFrame[] = [];
    for (let i = 0; i < 3000; i++) {
      frames.push(segment(i, i, true, TCP_SYN), segment(i + 0.2, i, false, TCP_SYN | TCP_ACK));
      if (confirms) frames.push(segment(i + 0.4, i, true, TCP_ACK));
    }
    const path = folder.file(name);
    writeCaptureFile(path, [...frames, later(30_000)]);
    return path;
  };

  it('are a flood when nobody confirms them, told once for any number of shards', async () => {
    const path = served('half-open.pcap', false);
    const one = await detect(path);
    expect(kinds(one)).toEqual(['syn_flood']);
    expect(one.alerts[0]).toMatchObject({ target: `${SERVER}:443`, severity: 'high' });
    expect(Number(one.alerts[0].observed.unconfirmed)).toBeGreaterThanOrEqual(200);
    for (const shards of [2, 4]) expect((await detect(path, shards)).alerts, `${shards} shards`).toEqual(one.alerts);
  });

  it('are none when they do', async () => {
    expect(kinds(await detect(served('busy.pcap', true)))).toEqual([]);
  });
});

describe("the capture's clock", () => {
  it.each([
    [999, []],
    [1000, ['clock_step']],
  ])('is said to go back by %d ms: %j', async (ms, wanted) => {
    const path = folder.file(`back-${ms}.pcap`);
    writeCaptureFile(path, [later(0), later(5000), later(5000 - ms), later(9000)]);
    expect(kinds(await detect(path))).toEqual(wanted);
  });
});

describe('the command', () => {
  it('writes alerts and behaviour, shows new alerts, and runs rules of our own', async () => {
    const capture = fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url));
    const rules = fileURLToPath(new URL('../fixtures/rules', import.meta.url));
    const scanned = scan('command.pcap', 40, 100);
    const [alerts, behaviour] = [folder.file('alerts.jsonl'), folder.file('behaviour.jsonl')];
    const run = await runWeir(['replay', scanned, '--alerts-jsonl', alerts, '--behaviour-jsonl', behaviour]);
    expect(run.code).toBe(0);
    expect(run.stdout + run.stderr).toMatch(/\[alert\] medium vertical_scan 10\.0\.0\.66 tried \d+ ports of 10\.0\.0\.7/);
    const lines = readJsonLines<AlertRecord>(alerts);
    expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['port_scan', 'vertical_scan']));
    expect(lines.at(-1)?.count).toBeGreaterThan(1);
    expect(readJsonLines(behaviour)).toContainEqual(expect.objectContaining({ host_ip: SCANNER, unique_dest_ports: 40, total_flows: 40 }));
    const before = readFileSync(alerts, 'utf8');
    expect((await runWeir(['replay', capture, '--quiet', '--rules', rules, '--alerts-jsonl', alerts])).code).toBe(0);
    expect(readFileSync(alerts, 'utf8').startsWith(before)).toBe(true);
  });

  it('goes on when a rule of our own cannot be used, and says which', async () => {
    const { alerts, warnings } = await detect(scan('broken.pcap', 30, 100), 1, { ruleFiles: [folder.file('nothing-here')] });
    expect(alerts.length).toBeGreaterThan(0);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('nothing-here');
  });
});
