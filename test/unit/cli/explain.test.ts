import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertRecord, Explanation } from '../../../src/index.ts';
import { Sensor } from '../../../src/index.ts';
import { writeScan } from '../../support/scan-frames.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { fakeRun } from './fake-run.ts';

const folder = new TemporaryFolder('explain-command');
afterAll(() => folder[Symbol.dispose]());
const capture = folder.file('scan.pcap');
const alerts = folder.file('alerts.jsonl');
let alert: AlertRecord;

beforeAll(async () => {
  writeScan(capture, 25);
  await using sensor = new Sensor({ input: { kind: 'replay', files: [capture] }, output: { alertsJsonl: alerts }, records: false });
  sensor.on('alert', (record) => {
    if (record.kind === 'vertical_scan') alert = record;
  });
  await sensor.start();
  await sensor.done;
});

const explain = (...args: string[]) => fakeRun(['explain', ...args], { directory: folder.path });

describe('weir explain', () => {
  it('tells what was looked for and seen, with which settings, and what would have silenced it', async () => {
    const { code, stdout, stderr } = await explain(alert.alert_id, '--alerts', alerts, '--evidence', capture);
    expect([code, stderr.text]).toEqual([0, '']);
    expect(stdout.lines[0]).toBe(`vertical_scan ${alert.alert_id} (medium, counted 1)`);
    expect(stdout.lines).toEqual(
      expect.arrayContaining([
        '  fires again from its evidence, at the same packet',
        'What the rule looks for: Vertical port scan',
        '  ports           25         25',
        '  crossed     2023-11-14T22:13:22.400Z',
        '  ports              25  ports   default           26',
        '  ports = 26 would have silenced it (now 25); verified',
        '  window_secs = 2 would have silenced it (now 10); verified',
      ]),
    );
    expect(stdout.lines.filter((line) => line.includes('10.0.0.66:40000 -> 10.0.0.7:'))).toHaveLength(20);
  });

  it('is an object for programs', async () => {
    const { code, stdout } = await explain(alert.alert_id, '--alerts', alerts, '--evidence', capture, '--json');
    const explanation = JSON.parse(stdout.text) as Explanation;
    expect(code).toBe(0);
    expect(explanation).toMatchObject({ fires: true, alert: { alert_id: alert.alert_id }, recomputed: { alert_id: alert.alert_id } });
    expect(explanation.settings.find(({ name }) => name === 'ports')).toMatchObject({ silenced_by: { value: 26, verified: true } });
  });

  it('finds the packets in the folder of evidence, settings in the configuration, and an alert by the beginning of its id', async () => {
    const kept = folder.file('kept');
    mkdirSync(kept);
    writeScan(`${kept}/${alert.alert_id}.pcapng`, 25);
    writeFileSync(folder.file('my.toml'), `[output]\nalerts_jsonl = ${JSON.stringify(alerts)}\n[detect.rules.vertical_scan]\nports = 20\n`);
    const { code, stdout } = await explain(alert.alert_id.slice(0, 12), '--config', folder.file('my.toml'), '--evidence-dir', kept);
    expect(code).toBe(0);
    expect(stdout.text).toContain('my.toml:4:1');
    expect(stdout.text).toContain('When the alert was raised, ports was 25; now it is 20.');
  });

  it('ends with 1 when the alert does not fire again', async () => {
    const few = folder.file('few.pcap');
    writeScan(few, 24);
    const { code, stdout } = await explain(alert.alert_id, '--alerts', alerts, '--evidence', few);
    expect(code).toBe(1);
    expect(stdout.lines[2]).toBe('  does not fire again from its evidence');
  });

  it.each<[string, string[], number, RegExp]>([
    ['no alert', [], 2, /no alert named/],
    ['two alerts', ['aa', 'bb', '--alerts', alerts], 2, /takes one alert, but "bb"/],
    ['no id', ['../etc', '--alerts', alerts], 2, /"\.\.\/etc" is no id/],
    ['an unknown alert', ['0000000000000000', '--alerts', alerts], 2, /no alert 0{16} in .*alerts\.jsonl/],
    ['no file of alerts', ['ab'], 2, /no file of alerts named/],
    ['a file that is not there', ['ab', '--alerts', folder.file('nothing')], 3, /cannot be read: ENOENT/],
    ['a folder', ['ab', '--alerts', folder.path], 3, /cannot be read: EISDIR/],
    ['an unknown flag', ['ab', '--evidense', 'x'], 2, /did you mean --evidence\?/],
  ])('refuses %s in one line', async (_, args, code, message) => {
    const outcome = await explain(...args);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr.text).toMatch(message);
    expect(outcome.stderr.lines.length).toBeLessThanOrEqual(2);
  });

  it('says where it looked for packets that are not there, and what is wrong with those that are no capture', async () => {
    const missing = await explain(alert.alert_id, '--alerts', alerts);
    expect(missing.code).toBe(3);
    expect(missing.stderr.lines[0]).toContain(`${alert.alert_id}.pcapng`);
    const wrong = await explain(alert.alert_id, '--alerts', alerts, '--evidence', alerts);
    expect(wrong.code).toBe(3);
  });

  it('reads past lines that are no alerts, whatever they hold', async () => {
    const mixed = folder.file('mixed.jsonl');
    const record = { ...alert, evidence: { pcap: 5, packets: 'many' } };
    writeFileSync(mixed, ['{', 'null', '[]', '{"alert_id":7}', '\u0000\u0001', '"x"', JSON.stringify(record)].join('\n'));
    expect((await explain(alert.alert_id, '--alerts', mixed, '--evidence', capture)).code).toBe(0);
    const unknown = await explain('0123', '--alerts', mixed, '--evidence', capture);
    expect(unknown.stderr.lines[0]).toContain('(6 lines are no alerts)');
  });
});
