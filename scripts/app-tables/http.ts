/** What the parsers of HTTP know by name: methods, fields and media types that are risks, versions, ports. */
import { HEAD_LIMIT } from '../../src/app/assembler.ts';
import { createRegistry } from '../../src/app/dissectors.ts';
import { METHODS, http as parser } from '../../src/app/http.ts';
import { ODD_FIELDS } from '../../src/app/http-message.ts';
import { EXECUTABLE_NAME, EXECUTABLE_TYPES, OLDEST, OPAQUE_TYPES } from '../../src/app/http-risks.ts';
import { FIELD_LIMIT } from '../../src/app/lines.ts';
import { TEXT_LIMIT } from '../../src/app/text.ts';
import { type GeneratedTable, literal } from './table.ts';

const registry = createRegistry();
const ports = parser.ports.filter((port) => registry.streamsFor(port)[0] === parser);
const endings = /^\\\.\(\?:([a-z|]+)\)"\?\$$/.exec(EXECUTABLE_NAME.source)?.[1].split('|');
if (endings === undefined) throw new Error(`names of executables are told another way: ${EXECUTABLE_NAME.source}`);

function texts(name: string, doc: string, list: Iterable<string>): string[] {
  return [`// ${doc}`, `constexpr std::string_view ${name}[] = {`, ...[...list].map((text) => `    ${literal(text)},`), '};', ''];
}

export const http: GeneratedTable = {
  file: 'http.h',
  doc: ['What src/app/http.ts, http-message.ts and http-risks.ts know by name.'],
  lines: [
    '#include <cstddef>',
    '#include <cstdint>',
    '#include <string_view>',
    '',
    'namespace weir {',
    '',
    '// Bytes of a direction that are read, and of texts that are kept.',
    `constexpr size_t kHttpHeadLimit = ${HEAD_LIMIT};`,
    `constexpr size_t kHttpTextLimit = ${TEXT_LIMIT};`,
    `constexpr size_t kHttpFieldLimit = ${FIELD_LIMIT};`,
    '',
    '// Usual ports at which HTTP is what is asked for first.',
    `constexpr uint16_t kHttpPorts[] = {${ports.join(', ')}};`,
    '',
    ...texts(
      'kHttpMethods',
      'Methods that the probe knows, but CONNECT.',
      [...METHODS].filter((name) => name !== 'CONNECT'),
    ),
    ...texts('kHttpOddFields', 'Names of fields that are a risk, in small letters.', ODD_FIELDS),
    ...texts('kHttpExecutableTypes', 'Media types of programs.', EXECUTABLE_TYPES),
    ...texts('kHttpOpaqueTypes', 'Media types of files whose content is opaque.', OPAQUE_TYPES),
    ...texts(
      'kHttpExecutableEndings',
      'Endings of names of programs.',
      endings.map((ending) => `.${ending}`),
    ),
    'struct OldestServer {',
    '  std::string_view name;',
    '  uint32_t major_version;',
    '  uint32_t minor_version;',
    '};',
    '// Oldest versions that are not called obsolete.',
    'constexpr OldestServer kHttpOldestServers[] = {',
    ...Object.entries(OLDEST).map(([name, [major, minor]]) => `    {${literal(name)}, ${major}, ${minor}},`),
    '};',
    '',
    '}  // namespace weir',
  ],
};
