/** Names of the registries of TLS. */
import { cipherName, isWeakCipher } from '../../src/app/tls-cipher-suites.ts';
import { ALERT_FATAL, ALPN_DRAFTS, ALPN_IDS, alertName, groupName, isTls13, versionName, versionRank } from '../../src/app/tls-registry.ts';
import { type GeneratedTable, literal } from './table.ts';

const CODES = Array.from({ length: 0x10000 }, (_, code) => code);
const hex = (code: number) => `0x${code.toString(16).padStart(4, '0')}`;
const isNamed = (name: string) => !/^[0-9a-f]{4}$/.test(name);

// What is TLS 1.3 by a range of numbers is told by `is_tls13`, which knows 0x0304 and 0xfefc of its own as well.
const versions = CODES.filter((code) => isNamed(versionName(code)) && (!isTls13(code) || code === 0x0304 || code === 0xfefc)).map(
  (code) => `    {${hex(code)}, ${versionRank(code)}, ${literal(versionName(code))}},`,
);
const groups = CODES.filter((code) => isNamed(groupName(code))).map((code) => `    {${hex(code)}, ${literal(groupName(code))}},`);
const ciphers = CODES.flatMap((code) => {
  const name = cipherName(code);
  return name === null ? [] : [`    {${hex(code)}, ${isWeakCipher(code)}, ${literal(name)}},`];
});
const alerts = CODES.slice(0, 256).map((description) => {
  const name = alertName(ALERT_FATAL, description);
  return name === null ? '    nullptr,' : `    ${literal(name.slice('fatal '.length))},`;
});
const list = (texts: Iterable<string>) => [...texts].map((text) => `    ${literal(text)},`);

export const tls: GeneratedTable = {
  file: 'tls.h',
  doc: ['Versions, groups, alerts and application protocols (src/app/tls-registry.ts), cipher suites (src/app/tls-cipher-suites.ts).'],
  lines: [
    '#include <cstdint>',
    '#include <string_view>',
    '',
    '#include "../tls_names.h"',
    '',
    'namespace weir {',
    '',
    'struct TlsVersionRow {',
    '  uint16_t code;',
    '  uint8_t rank;',
    '  const char* name;',
    '};',
    'struct TlsGroupRow {',
    '  uint16_t code;',
    '  const char* name;',
    '};',
    '',
    '// By number, as the next two.',
    'constexpr TlsVersionRow kTlsVersions[] = {',
    ...versions,
    '};',
    '',
    'constexpr TlsGroupRow kTlsGroups[] = {',
    ...groups,
    '};',
    '',
    'constexpr CipherName kCiphers[] = {',
    ...ciphers,
    '};',
    '',
    '// By the number of the description.',
    'constexpr const char* kAlerts[256] = {',
    ...alerts,
    '};',
    '',
    'constexpr std::string_view kAlpnIds[] = {',
    ...list(ALPN_IDS),
    '};',
    '',
    '// What names of drafts begin with.',
    'constexpr std::string_view kAlpnDrafts[] = {',
    ...list(ALPN_DRAFTS),
    '};',
    '',
    '}  // namespace weir',
  ],
};
