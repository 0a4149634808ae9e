/** Names of the DNS registries by number. */
import { isObsoleteType, rcodeName, typeName } from '../../src/app/dns-codes.ts';
import { keyName } from '../../src/app/dns-svcb.ts';
import { type GeneratedTable, literal, packed } from './table.ts';

/** Types from here on are left to the parsers: nobody asks for them. */
const TYPES = 300;
/** Four bits of the header and eight of EDNS. */
const RCODES = 4096;
/** More than the registry of service parameters has in a row. */
const KEYS = 64;

/** The names of the numbers below `count`, up to the last one that has one of its own; '' for one that has none. */
function named(count: number, name: (code: number) => string, fallback: string): string[] {
  const names = Array.from({ length: count }, (_, code) => (name(code) === `${fallback}${code}` ? '' : name(code)));
  return names.slice(0, names.findLastIndex((text) => text !== '') + 1);
}

const types = named(TYPES, typeName, 'TYPE');

export const dns: GeneratedTable = {
  file: 'dns.h',
  doc: [
    'Types, rcodes (src/app/dns-codes.ts) and keys of service parameters (src/app/dns-svcb.ts) of DNS by number; "" has no name of its own.',
  ],
  lines: [
    '#include <cstdint>',
    '#include <string_view>',
    '',
    'namespace weir {',
    '',
    'struct DnsTypeText {',
    '  std::string_view name;',
    '  bool is_obsolete;',
    '};',
    '',
    `constexpr uint32_t kDnsTypeLimit = ${TYPES};`,
    `constexpr uint32_t kDnsTypeCount = ${types.length};`,
    'constexpr DnsTypeText kDnsTypes[kDnsTypeCount] = {',
    ...packed(types.map((name, type) => `{${literal(name)}, ${isObsoleteType(type)}}`)),
    '};',
    '',
    'constexpr std::string_view kDnsRcodes[] = {',
    ...packed(named(RCODES, rcodeName, 'RCODE').map(literal)),
    '};',
    '',
    'constexpr std::string_view kServiceKeys[] = {',
    ...packed(named(KEYS, keyName, 'key').map(literal)),
    '};',
    '',
    '}  // namespace weir',
  ],
};
