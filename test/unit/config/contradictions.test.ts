import { describe, expect, it } from 'vitest';
import { screenOptions, sensorOptions } from '../../../src/config/build-options.ts';
import { checkContradictions } from '../../../src/config/contradictions.ts';
import { mergeLayers } from '../../../src/config/layers.ts';
import type { Layer, Resolved } from '../../../src/config/origin.ts';
import type { CommandName, SettingValue } from '../../../src/config/setting.ts';
import type { SettingKey } from '../../../src/config/settings.ts';
import { SensorError } from '../../../src/errors.ts';

type Given = Partial<Record<SettingKey, SettingValue>>;

function layer(given: Given, kind: 'flag' | 'file'): Layer {
  const entries = Object.entries(given) as [SettingKey, SettingValue][];
  return new Map(
    entries.map(([key, value]) => [
      key,
      { value, origin: kind === 'flag' ? { kind, name: `--${key.split('.')[1]}` } : { kind, path: 'weir.toml', line: null, key } },
    ]),
  );
}

function settle(flags: Given, file: Given = {}, command: CommandName = 'replay'): Resolved {
  const resolved = mergeLayers({ flags: layer(flags, 'flag'), environment: new Map(), file: layer(file, 'file') }, null);
  checkContradictions(command, resolved, resolved.values['replay.files']);
  return resolved;
}

function refusal(flags: Given, file: Given = {}, command: CommandName = 'replay'): string {
  try {
    settle(flags, file, command);
  } catch (error) {
    if (error instanceof SensorError && error.exitCode === 2) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('contradictions', () => {
  it.each<[string, Given, Given, RegExp]>([
    [
      'a rotation without a number of files',
      { 'output.write_pcap': 'x', 'output.write_pcap_rotate_mb': 5 },
      {},
      /^USAGE: --write_pcap_rotate_mb needs --write-pcap-max-files/,
    ],
    [
      'a number of files without a rotation',
      {},
      { 'output.write_pcap': 'x', 'output.write_pcap_max_files': 5 },
      /^CONFIG: output\.write_pcap_max_files \(weir\.toml\) needs --write-pcap-rotate-mb/,
    ],
    ['a rotation of nothing', { 'output.write_pcap_max_files': 5, 'output.write_pcap_rotate_mb': 5 }, {}, /needs --write-pcap$/],
    [
      'a rotation of standard output',
      { 'output.write_pcap': '-', 'output.write_pcap_max_files': 5, 'output.write_pcap_rotate_mb': 5 },
      {},
      /cannot be rotated/,
    ],
    ['one file for two outputs', { 'output.export_json': 'x', 'output.flows_jsonl': './x' }, {}, /both write to/],
    ['two outputs on standard output', { 'output.export_json': '-', 'output.flows_jsonl': '-' }, {}, /both write to standard output/],
    ['an output over an input', { 'replay.files': ['a.pcap'], 'output.write_pcap': './a.pcap' }, {}, /would overwrite/],
    [
      'a log of alerts that nobody looks for',
      { 'output.alerts_jsonl': 'x' },
      { 'detect.enabled': false },
      /^USAGE: --alerts_jsonl needs detection$/,
    ],
    ['quiet packets', { 'screen.quiet': true, 'screen.packets': true }, {}, /contradict/],
    ['a quiet hex dump in a file', {}, { 'screen.quiet': true, 'screen.hex_dump': true }, /^CONFIG: .*contradict/],
    ['standard input twice', { 'replay.files': ['-', '-'] }, {}, /given twice/],
    ['a loop over standard input', { 'replay.files': ['-'], 'replay.loop': 0 }, {}, /read only once/],
  ])('refuses %s', (_name, flags, file, message) => {
    expect(refusal(flags, file)).toMatch(message);
  });

  it('refuses to name the processes of packets in files', () => {
    const given: Given = { 'capture.processes': true, 'serve.replay': ['a.pcap'] };
    expect(refusal(given, {}, 'serve')).toMatch(/^USAGE: --processes needs a live capture/);
    const inFile: Given = { 'capture.processes': true, 'serve.replay': ['a.pcap'] };
    expect(refusal({}, inFile, 'serve')).toMatch(/^CONFIG: capture\.processes \(weir\.toml\) needs a live capture/);
  });

  it('refuses one interface twice', () => {
    expect(refusal({ 'capture.interfaces': ['a', 'b', 'a'] }, {}, 'capture')).toMatch(/interface a is given twice/);
  });

  it('lets several outputs go to a device', () => {
    expect(refusal({ 'output.export_json': '/dev/null', 'output.flows_jsonl': '/dev/null' })).toBe('accepted');
  });

  it('lets a rotation in a file wait for a capture file', () => {
    const { values } = settle({}, { 'output.write_pcap_max_files': 5, 'output.write_pcap_rotate_mb': 5 });
    expect(sensorOptions('replay', values).output).toMatchObject({ writePcap: null, writePcapRotateMb: 0, writePcapMaxFiles: 0 });
  });

  it('lets a flag win over a file where they contradict', () => {
    expect(screenOptions('replay', settle({ 'screen.packets': true }, { 'screen.quiet': true }).values).packets).toBe('line');
    expect(screenOptions('replay', settle({ 'screen.quiet': true }, { 'screen.packets': true }).values).packets).toBe('none');
  });
});

describe('options', () => {
  const screen = (command: CommandName, given: Given) => screenOptions(command, settle(given, {}, command).values);

  it.each<[CommandName, Given, string]>([
    ['capture', {}, 'line'],
    ['capture', { 'screen.quiet': true }, 'none'],
    ['capture', { 'screen.packets': false }, 'none'],
    ['capture', { 'log.verbose': 2 }, 'detail'],
    ['capture', { 'log.verbose': 1 }, 'line'],
    ['replay', {}, 'none'],
    ['replay', { 'log.verbose': 2 }, 'none'],
    ['replay', { 'screen.packets': true }, 'line'],
    ['replay', { 'screen.packets': true, 'log.verbose': 2 }, 'detail'],
    ['replay', { 'screen.hex_dump': true }, 'detail'],
  ])('%s with %j shows packets as %s', (command, given, packets) => {
    expect(screen(command, given).packets).toBe(packets);
    expect(sensorOptions(command, settle(given, {}, command).values).packets).toBe(packets !== 'none');
  });

  it('keeps standard output for a file that is written there', () => {
    expect(screen('replay', { 'output.flows_jsonl': '-' }).textOnStderr).toBe(true);
    expect(screen('replay', { 'output.flows_jsonl': 'x' }).textOnStderr).toBe(false);
  });

  it('asks for records only where something is made of them', () => {
    const records = (given: Given) => sensorOptions('replay', settle(given).values).records;
    expect(records({})).toBe(false);
    expect(records({ 'output.summary_json': 'x' })).toBe(false);
    for (const key of ['output.export_json', 'output.export_csv', 'output.flows_jsonl', 'output.flows_csv'] as const)
      expect(records({ [key]: 'x' })).toBe(true);
  });

  it('shortens the tick to a shorter stats interval, and follows more flows over a longer one', () => {
    const options = (given: Given) => sensorOptions('replay', settle(given).values);
    expect(options({ 'screen.stats': true, 'screen.stats_interval_ms': 100 }).tracking.tickMs).toBe(100);
    expect(options({ 'screen.stats_interval_ms': 100 }).tracking.tickMs).toBe(1000);
    expect(options({ 'screen.stats': true, 'screen.top_flows': 5, 'screen.stats_interval_ms': 5000 }).topFlows).toBeGreaterThan(5);
    expect(options({ 'screen.stats': true, 'screen.top_flows': 5 })).toMatchObject({ topFlows: 5, summaryFlows: 5 });
    expect(options({})).toMatchObject({ topFlows: 0, summaryFlows: 10 });
  });
});
