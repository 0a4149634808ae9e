import { mkdirSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findConfig, readConfigFile, readConfigText } from '../../../src/config/toml-file.ts';
import { positionOf } from '../../../src/config/toml-position.ts';
import { SensorError } from '../../../src/errors.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

function refusal(text: string): SensorError {
  try {
    readConfigText('weir.toml', text);
  } catch (error) {
    if (error instanceof SensorError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('the configuration file', () => {
  it.each([
    ['a syntax error', '[capture]\nsnaplen = \n', /^weir\.toml:2:\d+: /, undefined],
    [
      'an unknown key',
      '# top\n\n[capture]\nfilter = "tcp"\nsnapln = 96\n',
      /^weir\.toml:5:1: unknown key capture\.snapln$/,
      'did you mean capture.snaplen?',
    ],
    ['an unknown section', '[captur]\nsnaplen = 96\n', /^weir\.toml:2:1: unknown key captur\.snaplen$/, 'did you mean capture.snaplen?'],
    [
      'a key in the wrong section',
      '[screen]\nmax_flows = 5\n',
      /^weir\.toml:2:1: unknown key screen\.max_flows$/,
      'did you mean tracking.max_flows?',
    ],
    ['a key outside of sections', 'quiet = true\n', /^weir\.toml:1:1: unknown key quiet$/, 'did you mean screen.quiet?'],
    ['an empty unknown section', '[capture]\n[nonsense.here]\n', /^weir\.toml:2:\d+: unknown key nonsense\.here$/, undefined],
    ['a wrong type', '[screen]\nquiet = "yes"\n', /^weir\.toml:2:1: screen\.quiet is "yes", but must be true or false$/, undefined],
    [
      'a value out of range',
      '[capture]\nsnaplen = -5\n',
      /^weir\.toml:2:1: capture\.snaplen is -5, but must be between 16 and 262144$/,
      undefined,
    ],
    ['a section as a value', 'capture = 3\n', /^weir\.toml:1:1: unknown key capture$/, undefined],
    [
      'a value as a section',
      '[capture.snaplen]\nbytes = 3\n',
      /^weir\.toml:2:1: unknown key capture\.snaplen\.bytes$/,
      'did you mean capture.snaplen?',
    ],
    [
      'one setting twice',
      '[run]\ncount = 1\n[capture]\ncount = 2\n',
      /^weir\.toml:4:1: capture\.count and run\.count are the same setting$/,
      'keep one of them',
    ],
    ['a list of numbers', '[capture]\ninterfaces = [1]\n', /capture\.interfaces is \[1\], but must be a list of strings/, undefined],
    ['an unfit speed', '[replay]\nspeed = "fast"\n', /replay\.speed "fast" is not a speed/, undefined],
  ])('tells %s with its place', (_name, text, message, hint) => {
    const error = refusal(text);
    expect(error.message).toMatch(message);
    expect(error.exitCode).toBe(2);
    if (hint !== undefined) expect(error.hint).toBe(hint);
  });

  it('takes one string for a list of one, and the empty path as off', () => {
    const layer = readConfigText('weir.toml', '[capture]\ninterface = "eth0"\n[output]\nexport_json = ""\n[tracking]\n').settings;
    expect(layer.get('capture.interfaces')?.value).toEqual(['eth0']);
    expect(layer.get('output.export_json')?.value).toBeNull();
  });

  it('finds the lines of values, in tables, inline, dotted, and over several lines', () => {
    const text =
      'screen.quiet = true\n[capture]\n# snaplen\ninterfaces = [\n  "a",\n]\nsnaplen = 96\n[output]\nexport_csv = """\nsnaplen = 1"""\n';
    expect(positionOf(text, ['screen', 'quiet'])).toEqual({ line: 1, column: 8 });
    expect(positionOf(text, ['capture', 'interfaces'])).toEqual({ line: 4, column: 1 });
    expect(positionOf(text, ['capture', 'snaplen'])).toEqual({ line: 7, column: 1 });
    expect(positionOf(text, ['output', 'export_csv'])).toEqual({ line: 9, column: 1 });
    expect(positionOf(text, ['output', 'nothing'])).toBeNull();
  });

  it('never fails otherwise than with a CONFIG error', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^(\[?[a-z.]{1,9}\]?\s?=?\s?["{[\]}0-9]{0,4}\n){0,5}$/)),
        (text) => {
          try {
            readConfigText('x.toml', text);
          } catch (error) {
            expect(error).toBeInstanceOf(SensorError);
            expect((error as SensorError).code).toBe('CONFIG');
          }
        },
      ),
    );
  });

  it('is looked for in order', () => {
    using folder = new TemporaryFolder('config');
    expect(findConfig(folder.path, ['./weir.toml', './etc/weir/weir.toml'])).toBeNull();
    mkdirSync(folder.file('etc/weir'), { recursive: true });
    writeFileSync(folder.file('etc/weir/weir.toml'), '');
    expect(findConfig(folder.path, ['./weir.toml', './etc/weir/weir.toml'])).toBe(folder.file('etc/weir/weir.toml'));
    writeFileSync(folder.file('weir.toml'), '');
    expect(findConfig(folder.path)).toBe(folder.file('weir.toml'));
  });

  it('must exist, be a file, and have a sensible size', () => {
    using folder = new TemporaryFolder('config');
    expect(() => readConfigFile(folder.file('none.toml'))).toThrow(/none\.toml: no such file/);
    expect(() => readConfigFile(folder.path)).toThrow(/is a directory/);
    writeFileSync(folder.file('big.toml'), '#'.repeat(300_000));
    expect(() => readConfigFile(folder.file('big.toml'))).toThrow(/too many for a configuration file/);
  });
});
