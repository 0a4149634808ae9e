import { beforeAll, describe, expect, test } from 'vitest';
import { findCycles, importOffences, readSources } from '../../scripts/check-imports.ts';
import { projectRoot } from '../../scripts/source-tree.ts';

let sources: Map<string, string>;
beforeAll(() => {
  sources = readSources(projectRoot);
});

/** What is newly wrong when one file is added or replaced. */
function offencesWith(file: string, source: string): string[] {
  const before = new Set(importOffences(sources));
  return importOffences(new Map([...sources, [file, source]])).filter((offence) => !before.has(offence));
}

describe('import rules', () => {
  test('hold in the whole project', () => {
    expect(importOffences(sources)).toEqual([]);
  });

  test.each([
    [
      'a pure room imports the file system',
      'src/flow/probe.ts',
      "import { readFileSync } from 'node:fs';\nexport const a = readFileSync;\n",
      'node:fs',
    ],
    ['a pure room looks at the clock', 'src/packet/probe.ts', 'export const a = () => Date.now();\n', 'Date.now'],
    [
      'a room reaches into one above it',
      'src/flow/probe.ts',
      "import { Sensor } from '../sensor.ts';\nexport const a = Sensor;\n",
      'flow may not import',
    ],
    [
      'an import over several lines',
      'src/packet/probe.ts',
      "import {\n  Sensor,\n} from '../sensor.ts';\nexport const a = Sensor;\n",
      'packet may not',
    ],
    ['a dynamic import', 'src/packet/probe.ts', "export const a = () => import('../sensor.ts');\n", 'packet may not import'],
    ['a contract imports a room', 'src/ring/layout.ts', "export { a } from './ring-reader.ts';\n", 'a contract may not'],
    ['a logger outside its room', 'src/merge/probe.ts', "import pino from 'pino';\nexport const a = pino;\n", 'pino'],
    [
      'the addon loaded elsewhere',
      'src/merge/probe.ts',
      "export const a = (r: NodeJS.Require) => r('../../build/Release/weir.node');\n",
      'addon',
    ],
    ['a barrel', 'src/merge/everything.ts', "export * from './barrier.ts';\n", 're-exports only'],
    ['a second index', 'src/merge/index.ts', 'export const a = 1;\n', 'only src/index.ts'],
    ['a file in no room', 'src/elsewhere/probe.ts', 'export const a = 1;\n', 'no room'],
    ['the Node-API outside its folder', 'native/ring/probe.cc', '#include <napi.h>\n', 'Node-API'],
  ])('notice %s', (_name, file, source, words) => {
    expect(offencesWith(file, source).join('\n')).toContain(words);
  });

  test('notice a cycle, once', () => {
    const changed = new Map(sources);
    changed.set('src/merge/one.ts', "import { b } from './two.ts';\nexport const a = b;\n");
    changed.set('src/merge/two.ts', "import { a } from './one.ts';\nexport const b = a;\n");
    const cycles = importOffences(changed).filter((offence) => offence.startsWith('cycle: src/merge/one.ts'));
    expect(cycles).toEqual(['cycle: src/merge/one.ts → src/merge/two.ts → src/merge/one.ts']);
  });

  test('leave comments alone', () => {
    expect(offencesWith('src/packet/probe.ts', "// import { a } from '../sensor.ts';\n/* Date.now() */\nexport const b = 1;\n")).toEqual(
      [],
    );
  });

  test('fail when a pattern guards nothing', () => {
    const withoutPacket = new Map([...sources].filter(([file]) => !file.startsWith('src/packet/')));
    expect(importOffences(withoutPacket).join('\n')).toMatch(/packet\S* matches no file/);
  });
});

test('findCycles sees a long cycle and none in a diamond', () => {
  const cycle = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['a']],
  ]);
  const diamond = new Map([
    ['a', ['b', 'c']],
    ['b', ['d']],
    ['c', ['d']],
    ['d', []],
  ]);
  expect(findCycles(cycle)).toEqual([['a', 'b', 'c']]);
  expect(findCycles(diamond)).toEqual([]);
});
