import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mergeLayers, resolveSettings } from '../../../src/config/layers.ts';
import type { Layer } from '../../../src/config/origin.ts';
import { printConfig } from '../../../src/config/print-config.ts';
import { SETTINGS } from '../../../src/config/settings.ts';
import { readConfigText } from '../../../src/config/toml-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { samples } from './sample-values.ts';

const none: Layer = new Map();

function roundTrip(flags: Layer): void {
  const before = mergeLayers({ flags, environment: none, file: none }, null);
  const text = printConfig(before, 'weir');
  const after = mergeLayers({ flags: none, environment: none, file: readConfigText('printed.toml', text).settings }, 'printed.toml');
  expect(after.values).toEqual(before.values);
}

describe('--print-config', () => {
  it('prints a file that gives the same settings', () => {
    roundTrip(none);
    for (const index of [0, 1]) {
      roundTrip(
        new Map(SETTINGS.map((setting) => [setting.key, { value: samples(setting)[index].value, origin: { kind: 'flag', name: '--x' } }])),
      );
    }
  });

  it('keeps quotes, backslashes and control characters', () => {
    roundTrip(new Map([['capture.filter', { value: 'host "a\\b"\t\u007f\u0001 é', origin: { kind: 'flag', name: '-f' } }]]));
  });

  it('says where each value came from', () => {
    using folder = new TemporaryFolder('print');
    writeFileSync(folder.file('weir.toml'), '[capture]\nsnaplen = 128\nfilter = "tcp"\n');
    const flags: Layer = new Map([['capture.count', { value: 5, origin: { kind: 'flag', name: '-c' } }]]);
    const resolved = resolveSettings({
      flags,
      configFlag: undefined,
      environment: { AGENT_BPF_FILTER: 'udp' },
      directory: folder.path,
      withLines: true,
    });
    const lines = printConfig(resolved, 'weir').split('\n');
    expect(lines).toContain(`snaplen = 128  # ${folder.file('weir.toml')}:2`);
    expect(lines).toContain('filter = "udp"  # environment AGENT_BPF_FILTER');
    expect(lines).toContain('count = 5  # flag -c');
    expect(lines).toContain('timeout_ms = 100  # default');
    expect(lines).toContain('export_json = ""  # default');
  });
});
