/** What is old or weak in SSH, and where it is at home. */
import { ssh as dissector, OLD_SOFTWARE } from '../../src/app/ssh.ts';
import { OBSOLETE_CIPHERS } from '../../src/app/ssh-offer.ts';
import { type GeneratedTable, literal } from './table.ts';

export const ssh: GeneratedTable = {
  file: 'ssh.h',
  doc: ['Ports, old software and obsolete ciphers of SSH (src/app/ssh.ts, src/app/ssh-offer.ts).'],
  lines: [
    '#include <cstdint>',
    '#include <string_view>',
    '',
    'namespace weir {',
    '',
    '// The name with which it starts in the banner, and the first version that is not old.',
    'struct OldSoftware {',
    '  std::string_view name;',
    '  uint32_t limit[3];',
    '};',
    '',
    `constexpr uint16_t kSshPorts[] = {${dissector.ports.join(', ')}};`,
    '',
    'constexpr OldSoftware kOldSoftware[] = {',
    ...OLD_SOFTWARE.map(([name, limit]) => `    {${literal(name)}, {${limit.join(', ')}}},`),
    '};',
    '',
    'constexpr std::string_view kObsoleteCiphers[] = {',
    ...[...OBSOLETE_CIPHERS].map((cipher) => `    ${literal(cipher)},`),
    '};',
    '',
    '}  // namespace weir',
  ],
};
