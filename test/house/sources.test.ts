import { expect, test } from 'vitest';
import { checkNames, nameOffences } from '../../scripts/check-names.ts';
import { checkSize, functionLengths } from '../../scripts/check-size.ts';
import { projectRoot } from '../../scripts/source-tree.ts';

test('file names follow the rules', () => {
  expect(checkNames(projectRoot)).toEqual([]);
});

test.each([
  'src/flow/flowTable.ts',
  'src/flow/flow-utils.ts',
  'src/helpers/time.ts',
  'native/ring/RingWriter.cc',
  'native/ring/ring-writer.h',
  'src/flow/table.js',
])('%s is refused as a name', (file) => {
  expect(nameOffences([file])).toHaveLength(1);
});

test('files and functions keep their lengths', () => {
  expect(checkSize(projectRoot)).toEqual([]);
});

test('an allowance that is no longer needed has to go', () => {
  const offences = checkSize(projectRoot, { 'src/errors.ts': 10_000, 'src/gone.ts': 500 }).filter((offence) => offence.includes('lower'));
  expect(offences.map((offence) => offence.split(':')[0])).toEqual(['src/errors.ts', 'src/gone.ts']);
});

test('C++ functions are measured, in and outside of classes', () => {
  const source = [
    'namespace weir {',
    'class Ring {',
    ' public:',
    '  explicit Ring(int size) : size_(size) {',
    '    if (size > 0) {',
    '      grow();',
    '    }',
    '  }',
    '};',
    'static int sum(const int* values,',
    '               int count) {',
    '  return 0;  // } not the end',
    '}',
    '}  // namespace weir',
  ].join('\n');
  expect(functionLengths(source)).toEqual([
    { name: 'Ring', lines: 5 },
    { name: 'sum', lines: 4 },
  ]);
});
