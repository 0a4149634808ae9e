/** Every alert fires again from its packets, and what is said to silence it does. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type DetectOptions, type Explanation, explainAlert, Sensor, type StoredAlert } from '../../src/index.ts';
import { corpusFolder } from '../corpus/corpus.ts';
import { dnsFrames } from '../support/dns-frames.ts';
import { writeCaptureFile } from '../support/frames.ts';
import { SCANNER, VICTIM, writeScan } from '../support/scan-frames.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const folder = new TemporaryFolder('explain');
afterAll(() => folder[Symbol.dispose]());

async function alertsOf(path: string, detect: Partial<DetectOptions> = {}): Promise<StoredAlert[]> {
  await using sensor = new Sensor({ input: { kind: 'replay', files: [path] }, tracking: { shards: 2 }, detect, records: false });
  const alerts = new Map<string, StoredAlert>();
  sensor.on('alert', (alert) => void alerts.set(alert.alert_id, { ...alert, evidence: null }));
  await sensor.start();
  await sensor.done;
  return [...alerts.values()];
}

async function explained(path: string, kind: string, detect: Partial<DetectOptions> = {}): Promise<Explanation> {
  const alert = (await alertsOf(path, detect)).find((each) => each.kind === kind);
  if (alert === undefined) throw new Error(`${path} gives no ${kind}`);
  return explainAlert({ alert, evidence: path, detect });
}

const silencedBy = ({ settings }: Explanation, name: string) => settings.find((setting) => setting.name === name)?.silenced_by;

describe('a scan of 25 ports', () => {
  const path = folder.file('25.pcap');
  writeScan(path, 25);

  it('fires again with the same id, and 26 ports would have silenced it', async () => {
    const explanation = await explained(path, 'vertical_scan');
    expect(explanation).toMatchObject({ fires: true, same_id: true, silenced_together: null, notes: [] });
    expect(explanation.evidence).toMatchObject({ packets: 51, first_packet: 1_700_000_000 });
    expect(silencedBy(explanation, 'ports')).toEqual({ value: 26, verified: true });
    // 24 steps of 100 ms do not fit into two seconds.
    expect(silencedBy(explanation, 'window_secs')).toEqual({ value: 2, verified: true });
    expect(silencedBy(explanation, 'failed_only')).toBeNull();
    expect(explanation.flows).toHaveLength(20);
    expect(explanation.flows[0]).toMatchObject({ protocol: 'tcp', source: `${SCANNER}:40000`, packets: 2 });
    expect(explanation.recomputed).toMatchObject({ source: SCANNER, target: VICTIM, observed: { ports: 25 } });
  });

  it('is silent with what is said to silence it, and not one step before', async () => {
    const kindsWith = async (settings: Record<string, number>) =>
      (await alertsOf(path, { rules: { vertical_scan: settings } })).map(({ kind }) => kind);
    expect(await kindsWith({ ports: 26 })).not.toContain('vertical_scan');
    expect(await kindsWith({ ports: 25 })).toContain('vertical_scan');
    expect(await kindsWith({ window_secs: 2 })).not.toContain('vertical_scan');
    expect(await kindsWith({ window_secs: 3 })).toContain('vertical_scan');
  });

  it('says where settings come from, and what has changed since', async () => {
    const [alert] = (await alertsOf(path)).filter(({ kind }) => kind === 'vertical_scan');
    const detect = { rules: { vertical_scan: { ports: 20 } }, places: { 'rules.vertical_scan.ports': 'weir.toml:3:1' } };
    const explanation = await explainAlert({ alert, evidence: path, detect });
    expect(explanation.settings[0]).toMatchObject({ name: 'ports', value: 20, from: 'weir.toml:3:1', silenced_by: { value: 26 } });
    expect(explanation).toMatchObject({ fires: true, same_id: false });
    expect(explanation.notes).toEqual(['When the alert was raised, ports was 25; now it is 20.']);
  });

  it.each<[string, Partial<DetectOptions>, string]>([
    ['allowed', { allow: [{ source: SCANNER }] }, 'The allow list covers'],
    ['switched off', { rules: { vertical_scan: { enabled: false } } }, 'The rule is switched off'],
  ])('does not fire where it is %s, and the reason is told', async (_, detect, reason) => {
    const [alert] = (await alertsOf(path)).filter(({ kind }) => kind === 'vertical_scan');
    const explanation = await explainAlert({ alert, evidence: path, detect });
    expect(explanation).toMatchObject({ fires: false, recomputed: null, runs: 0 });
    expect(explanation.notes.join()).toContain(reason);
  });
});

it('limits of which one is enough are silenced together', async () => {
  const path = folder.file('both.pcap');
  writeScan(path, 60, 12);
  const explanation = await explained(path, 'port_scan');
  expect(silencedBy(explanation, 'ports')).toBeNull();
  expect(silencedBy(explanation, 'hosts')).toBeNull();
  expect(explanation.silenced_together).toEqual({ values: { ports: 61, hosts: 13 }, verified: true });
});

it('a rule of our own is explained as well', async () => {
  const path = folder.file('questions.pcap');
  writeCaptureFile(
    path,
    ['a', 'b', 'c', 'd'].flatMap((name, index) => dnsFrames(index * 100, `${name}.example.com`)),
  );
  const ruleFiles = [fileURLToPath(new URL('../fixtures/rules', import.meta.url))];
  const said = { rules: { many_questions: { names: 4 } }, places: { 'rules.many_questions.names': 'weir.toml:2:1' } };
  const explanation = await explained(path, 'many_questions', { ruleFiles, ...said });
  expect(explanation).toMatchObject({ fires: true, same_id: true });
  expect(explanation.settings[0]).toMatchObject({ name: 'names', value: 4, from: 'weir.toml:2:1' });
  expect(silencedBy(explanation, 'names')).toEqual({ value: 5, verified: true });
});

it('an alert of a rule that nobody knows is refused', async () => {
  const path = folder.file('unknown.pcap');
  writeScan(path, 25);
  const [alert] = await alertsOf(path);
  await expect(explainAlert({ alert: { ...alert, kind: 'poltergeist' }, evidence: path })).rejects.toMatchObject({ code: 'USAGE' });
});

const corpus = corpusFolder();
const attacks = corpus === null ? '' : join(dirname(corpus), 'synthetic');
const captures = existsSync(attacks) ? readdirSync(attacks).filter((name) => name.endsWith('.pcap') && !name.startsWith('benign')) : [];

describe.skipIf(captures.length === 0)(`labelled attacks${captures.length === 0 ? ' (skipped: WEIR_CORPUS names no corpus)' : ''}`, () => {
  it.each(captures)('%s: alerts fire again, and what silences them was seen to', async (name) => {
    const path = join(attacks, name);
    const first = new Map((await alertsOf(path)).toReversed().map((alert) => [alert.kind, alert]));
    expect(first.size).toBeGreaterThan(0);
    for (const alert of first.values()) {
      const explanation = await explainAlert({ alert, evidence: path });
      expect(explanation, alert.kind).toMatchObject({ fires: true, same_id: true });
      const silencing = explanation.settings.flatMap(({ silenced_by }) => silenced_by ?? []);
      // An address of a gateway that goes back and forth more often than any limit allows is an attack whatever is set.
      if (alert.kind !== 'arp_spoof')
        expect(silencing.length + Number(explanation.silenced_together !== null), alert.kind).toBeGreaterThan(0);
      expect(silencing.every(({ verified }) => verified)).toBe(true);
    }
  });
});
