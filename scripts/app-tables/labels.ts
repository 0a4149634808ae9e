/** Labels and risks as JSON, as notes show them. */
import { builtinLabel } from '../../src/app/note.ts';
import { RISKS } from '../../src/app/risks.ts';
import { READER_PROTOCOLS } from '../../src/native/app-flows.ts';
import { type GeneratedTable, literal } from './table.ts';

const rows = READER_PROTOCOLS.map((protocol) => {
  if (protocol === null) return '    {nullptr, nullptr, nullptr},';
  const [sure, unsure] = [true, false].map((confirmed) => JSON.stringify(builtinLabel({ protocol, master: null, confirmed })));
  return `    {${literal(protocol)},\n     ${literal(sure)},\n     ${literal(unsure)}},`;
});
const risks = Array.from({ length: 64 }, (_, id) => {
  const risk = RISKS.find((entry) => entry.id === id);
  return risk === undefined ? '    {nullptr, 0},' : `    {${literal(JSON.stringify(risk))}, ${risk.score}},`;
});
const names = RISKS.map(({ id, name }) => {
  const pascal = name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return `constexpr uint64_t kRisk${pascal} = uint64_t{1} << ${id};`;
});

export const labels: GeneratedTable = {
  file: 'labels.h',
  doc: ['Labels (src/app/note.ts) and risks (src/app/risks.ts) as JSON, by number of the protocol and id of the risk.'],
  lines: [
    '#include <cstdint>',
    '',
    'namespace weir {',
    '',
    'struct AppLabelText {',
    '  const char* name;',
    '  const char* confirmed;',
    '  const char* unconfirmed;',
    '};',
    'struct RiskText {',
    '  const char* json;',
    '  uint32_t score;',
    '};',
    '',
    'constexpr AppLabelText kAppLabels[] = {',
    ...rows,
    '};',
    '',
    'constexpr RiskText kRisks[64] = {',
    ...risks,
    '};',
    '',
    ...names,
    '',
    '}  // namespace weir',
  ],
};
