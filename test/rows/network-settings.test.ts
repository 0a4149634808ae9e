/** Thresholds per network and settings of rules of one's own, end to end: packets in, alerts out. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { RULES } from '../../src/detect/rules.ts';
import { type AlertRecord, type DetectOptions, explainAlert, Sensor } from '../../src/index.ts';
import { corpusFolder } from '../corpus/corpus.ts';
import { dnsFrames } from '../support/dns-frames.ts';
import { TCP_ACK, TCP_RST, TCP_SYN, type TimedFrame, tcpFrame, writeCaptureFile } from '../support/frames.ts';
import { writeScan } from '../support/scan-frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const folder = new TemporaryFolder('network-settings');
afterAll(() => folder[Symbol.dispose]());
const START_US = 1_700_000_000_000_000;
const OWN_RULES = [fileURLToPath(new URL('../fixtures/rules', import.meta.url))];

async function detect(path: string, options: Partial<DetectOptions> = {}, shards = 1): Promise<AlertRecord[]> {
  await using sensor = new Sensor({ input: { kind: 'replay', files: [path] }, tracking: { shards }, detect: options, records: false });
  const last = new Map<string, AlertRecord>();
  sensor.on('alert', (alert) => void last.set(alert.alert_id, alert));
  await sensor.start();
  await sensor.done;
  return [...last.values()];
}

const IPV4_END = 34;

/** The same segment between IPv6 addresses of the form `fd20::5`. */
function overIpv6(frame: Buffer, source: string, destination: string): Buffer {
  const address = (text: string) => {
    const [head, tail] = text.split('::');
    const bytes = Buffer.alloc(16);
    bytes.writeUInt16BE(Number.parseInt(head, 16), 0);
    bytes.writeUInt16BE(Number.parseInt(tail, 16), 14);
    return bytes;
  };
  const transport = frame.subarray(IPV4_END);
  const header = Buffer.from([0x86, 0xdd, 0x60, 0, 0, 0, 0, transport.length, 6, 64]);
  return Buffer.concat([frame.subarray(0, 12), header, address(source), address(destination), transport]);
}

function segment(
  atMs: number,
  source: string,
  sourcePort: number,
  destination: string,
  destinationPort: number,
  flags: number,
): TimedFrame {
  const isV6 = source.includes(':');
  const ends = isV6 ? { source: '0.0.0.0', destination: '0.0.0.0' } : { source, destination };
  const frame = tcpFrame({ ...ends, sourcePort, destinationPort, seq: 1, ack: 2, flags, payload: new Uint8Array(0) });
  return { timeUs: START_US + Math.round(atMs * 1000), bytes: isV6 ? overIpv6(frame, source, destination) : frame };
}

/** Every port refused; sources begin one after the other. */
function scans(name: string, scanners: readonly (readonly [source: string, ports: number])[], victim = '192.168.0.7'): string {
  const frames = scanners.flatMap(([source, ports], order) =>
    Array.from({ length: ports }, (_, i) => {
      const atMs = order * 5000 + i * 100;
      const port = 1000 + i;
      return [segment(atMs, source, 40_000, victim, port, TCP_SYN), segment(atMs + 1, victim, port, source, 40_000, TCP_RST | TCP_ACK)];
    }).flat(),
  );
  const path = folder.file(name);
  writeCaptureFile(path, [...frames, segment(scanners.length * 5000 + 30_000, '10.0.0.1', 1, '10.0.0.2', 2, TCP_SYN)]);
  return path;
}

/** Unanswered SYNs, each from a source of its own. */
function floods(name: string, targets: readonly (readonly [target: string, attempts: number])[]): string {
  const frames = targets.flatMap(([target, attempts], order) =>
    Array.from({ length: attempts }, (_, i) =>
      segment(order * 20_000 + i, `203.0.${113 + (i >> 8)}.${i & 255}`, 30_000 + i, target, 80, TCP_SYN),
    ),
  );
  const path = folder.file(name);
  writeCaptureFile(path, [...frames, segment(targets.length * 20_000 + 30_000, '10.0.0.1', 1, '10.0.0.2', 2, TCP_SYN)]);
  return path;
}

const told = (alerts: readonly AlertRecord[], kind: string) =>
  alerts.filter((alert) => alert.kind === kind).map(({ source, target, threshold }) => [source ?? target, threshold]);

const INSIDE = '10.20.0.5';
const OUTSIDE = '10.21.0.5';

describe('thresholds of a network', () => {
  const networks = { '10.20.0.0/16': { vertical_scan: { ports: 40 } }, 'fd20::/16': { vertical_scan: { ports: 5 } } };

  it('are silent one below and fire at the threshold, inside and outside', async () => {
    const below = scans('below.pcap', [
      [INSIDE, 39],
      [OUTSIDE, 24],
    ]);
    const at = scans('at.pcap', [
      [INSIDE, 40],
      [OUTSIDE, 25],
    ]);
    for (const shards of [1, 2, 4]) {
      expect(told(await detect(below, { networks }, shards), 'vertical_scan'), `${shards} shards`).toEqual([]);
      const alerts = await detect(at, { networks }, shards);
      expect(told(alerts, 'vertical_scan'), `${shards} shards`).toEqual([
        [INSIDE, { ports: 40 }],
        [OUTSIDE, { ports: 25 }],
      ]);
      const [, outside] = alerts.filter(({ kind }) => kind === 'vertical_scan');
      const everywhere = (await detect(at)).filter(({ kind, source }) => kind === 'vertical_scan' && source === OUTSIDE);
      expect([outside], 'as without any network').toEqual(everywhere);
    }
  });

  it('hold for IPv6 as well', async () => {
    const path = (ports: number) =>
      scans(
        `v6-${ports}.pcap`,
        [
          ['fd20::5', ports],
          ['fd21::5', ports],
        ],
        'fd00::7',
      );
    expect(told(await detect(path(4), { networks }), 'vertical_scan')).toEqual([]);
    expect(told(await detect(path(5), { networks }), 'vertical_scan')).toEqual([['fd20::5', { ports: 5 }]]);
  });

  it('go by the most specific prefix, and can switch a rule off or on', async () => {
    const path = scans('specific.pcap', [
      ['10.20.1.5', 30],
      ['10.20.2.5', 30],
      ['10.20.3.5', 30],
      [OUTSIDE, 30],
    ]);
    const nested = {
      '10.20.0.0/16': { vertical_scan: { ports: 31 } },
      '10.20.2.0/24': { vertical_scan: { ports: 30 } },
      '10.20.3.0/24': { vertical_scan: { ports: 30, enabled: false } },
    };
    expect(told(await detect(path, { networks: nested }), 'vertical_scan')).toEqual([
      ['10.20.2.5', { ports: 30 }],
      [OUTSIDE, { ports: 25 }],
    ]);
    const rules = { vertical_scan: { enabled: false } };
    const on = { '10.20.1.0/24': { vertical_scan: { enabled: true, severity: 'critical' } } };
    const alerts = (await detect(path, { rules, networks: on })).filter(({ kind }) => kind === 'vertical_scan');
    expect(alerts.map(({ source, severity }) => [source, severity])).toEqual([['10.20.1.5', 'critical']]);
  });

  it('go by the target of a flood', async () => {
    const quiet = floods('quiet.pcap', [
      [INSIDE, 99],
      [OUTSIDE, 199],
    ]);
    const loud = floods('loud.pcap', [
      [INSIDE, 100],
      [OUTSIDE, 200],
    ]);
    const own = { '10.20.0.0/16': { syn_flood: { unanswered: 100 } }, '203.0.0.0/16': { syn_flood: { enabled: false } } };
    for (const shards of [1, 2, 4]) {
      expect(told(await detect(quiet, { networks: own }, shards), 'syn_flood'), `${shards} shards`).toEqual([]);
      expect(told(await detect(loud, { networks: own }, shards), 'syn_flood'), `${shards} shards`).toEqual([
        [`${INSIDE}:80`, { unanswered: 100, sources: 50 }],
        [`${OUTSIDE}:80`, { unanswered: 200, sources: 50 }],
      ]);
    }
  });

  it('have a cooldown of their own', async () => {
    const path = scans('cooldown.pcap', [
      [INSIDE, 25],
      [OUTSIDE, 25],
      [INSIDE, 25],
      [OUTSIDE, 25],
    ]);
    const count = async (options: Partial<DetectOptions>) =>
      (await detect(path, options)).filter(({ kind }) => kind === 'vertical_scan').map(({ source }) => source);
    expect(await count({})).toEqual([INSIDE, OUTSIDE]);
    expect(await count({ networks: { '10.20.0.0/16': { vertical_scan: { cooldown_secs: 5 } } } })).toEqual([INSIDE, OUTSIDE, INSIDE]);
  });

  it('are refused when they are wrong', async () => {
    const path = scans('refused.pcap', [[INSIDE, 2]]);
    const wrong = (options: Partial<DetectOptions>) => expect(detect(path, options)).rejects;
    await wrong({ networks: { '10.20.0.0/16': { vertical_scan: { port: 3 } } } }).toMatchObject({
      code: 'CONFIG',
      hint: 'did you mean ports?',
    });
    await wrong({ networks: { '10.20/16': {} } }).toThrow('detect.networks.10.20/16 is neither a network');
  });

  it('come into force while a capture goes on', async () => {
    const path = scans('retuned.pcap', [
      ['10.0.0.9', 1],
      [INSIDE, 30],
    ]);
    await using sensor = new Sensor({
      input: { kind: 'replay', files: [path], speed: { mode: 'time', factor: 4 } },
      detect: {},
      records: false,
    });
    const seen: string[] = [];
    sensor.on('alert', ({ kind, source }) => void seen.push(`${kind} ${source}`));
    const { detect: options } = sensor.options;
    const off = { vertical_scan: { enabled: false }, port_scan: { enabled: false }, new_device: { enabled: false } };
    await sensor.start();
    await sensor.setDetection({ ...options, networks: { '10.20.0.0/16': off } });
    await expect(sensor.setDetection({ ...options, networks: { x: off } })).rejects.toThrow('detect.networks.x is neither');
    await sensor.done;
    expect(seen).toEqual([]);
  });
});

describe('an alert in a network with thresholds of its own', () => {
  it('is explained with these, and silenced by a change there', async () => {
    const path = folder.file('explained.pcap');
    writeScan(path, 25);
    const [{ source }] = await detect(path);
    const network = `${source}/32`;
    const networks = { '10.0.0.0/8': { vertical_scan: { ports: 21 } }, [network]: { vertical_scan: { window_secs: 20 } } };
    const options = { networks, places: { 'networks.10.0.0.0/8.vertical_scan.ports': 'weir.toml:9:1' } };
    const [alert] = (await detect(path, options)).filter(({ kind }) => kind === 'vertical_scan');
    expect(alert).toMatchObject({ threshold: { ports: 21 }, window_secs: 20 });
    const explanation = await explainAlert({ alert, evidence: path, detect: options });
    expect(explanation).toMatchObject({ fires: true, same_id: true });
    expect(explanation.notes).toEqual([`The settings are those of the network ${network}.`]);
    expect(explanation.settings[0]).toMatchObject({
      name: 'ports',
      value: 21,
      from: 'weir.toml:9:1',
      silenced_by: { value: 26, verified: true },
    });
    expect(explanation.settings[1]).toMatchObject({ name: 'window_secs', value: 20, from: 'options' });
  });
});

describe('a rule of our own', () => {
  const path = folder.file('questions.pcap');
  writeCaptureFile(
    path,
    ['a', 'b', 'c', 'd'].flatMap((name, index) => dnsFrames(index * 100, `${name}.example.com`)),
  );
  const own = async (options: Partial<DetectOptions>, shards = 1) =>
    (await detect(path, { ruleFiles: OWN_RULES, ...options }, shards)).filter(({ kind }) => kind === 'many_questions');

  it('takes its settings from the configuration', async () => {
    expect(await own({})).toMatchObject([{ severity: 'low', threshold: { names: 3 }, count: 2 }]);
    expect(await own({ rules: { many_questions: { names: 5 } } })).toEqual([]);
    for (const shards of [1, 2, 4]) {
      const rules = { many_questions: { names: 4, severity: 'high', window_secs: 5 } };
      expect(await own({ rules }, shards)).toMatchObject([{ severity: 'high', threshold: { names: 4 }, window_secs: 5, count: 1 }]);
    }
    expect(await own({ rules: { many_questions: { enabled: false } } })).toEqual([]);
    expect(await own({ suppress: [{ rule: 'many_questions' }] })).toMatchObject([{ suppressed: true }]);
  });

  it('takes them per network', async () => {
    const [{ source }] = await own({});
    expect(await own({ networks: { [`${source}`]: { many_questions: { names: 4 } } } })).toMatchObject([{ threshold: { names: 4 } }]);
    expect(await own({ networks: { [`${source}`]: { many_questions: { enabled: false } } } })).toEqual([]);
    expect(await own({ networks: { '203.0.113.0/24': { many_questions: { names: 100 } } } })).toMatchObject([{ threshold: { names: 3 } }]);
  });

  it('stops a run before it starts when its settings are wrong', async () => {
    await expect(own({ rules: { many_questions: { nmaes: 5 } } })).rejects.toMatchObject({ code: 'CONFIG', hint: 'did you mean names?' });
    await expect(own({ rules: { many_question: {} } })).rejects.toMatchObject({ hint: 'did you mean many_questions?' });
    await expect(own({ allow: [{ rule: 'many_question' }] })).rejects.toThrow('which is no rule');
  });
});

const corpus = corpusFolder();
const synthetic = corpus === null ? '' : join(dirname(corpus), 'synthetic');
const captures = existsSync(synthetic) ? readdirSync(synthetic).filter((name) => name.endsWith('.pcap') && !name.startsWith('benign')) : [];

describe.skipIf(captures.length === 0)(`labelled attacks${captures.length === 0 ? ' (skipped: WEIR_CORPUS names no corpus)' : ''}`, () => {
  /** Every other /26: most captures have ends in both halves. A cooldown like no other makes each rule run twice. */
  const halves = (cooldowns: (secs: number) => number): DetectOptions['networks'] => {
    const tables = Object.fromEntries(
      RULES.filter(({ decides }) => decides !== null).map(({ kind, cooldownSecs }) => [kind, { cooldown_secs: cooldowns(cooldownSecs) }]),
    );
    const prefixes = ['0.0.0.0/2', '128.0.0.0/2', '10.0.0.0/25', '10.128.0.0/9', '192.168.0.0/25', '192.168.1.0/25', '8000::/1'];
    return Object.fromEntries(prefixes.map((prefix) => [prefix, tables]));
  };

  it.each(captures)('%s gives the same alerts when rules run apart for half of the addresses', async (name) => {
    const path = join(synthetic, name);
    const whole = await detect(path);
    expect(whole.length).toBeGreaterThan(0);
    expect(await detect(path, { networks: halves((secs) => secs + 0.001) })).toEqual(whole);
  });
});
