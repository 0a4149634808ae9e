/** Where SMTP is at home. */
import { smtp as dissector } from '../../src/app/smtp.ts';
import type { GeneratedTable } from './table.ts';

export const smtp: GeneratedTable = {
  file: 'smtp.h',
  doc: ['Ports of SMTP (src/app/smtp.ts).'],
  lines: [
    '#include <cstdint>',
    '',
    'namespace weir {',
    '',
    `constexpr uint16_t kSmtpPorts[] = {${dissector.ports.join(', ')}};`,
    '',
    '}  // namespace weir',
  ],
};
