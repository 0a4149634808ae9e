/** The versions of QUIC that are read natively: what their Initial protection needs, and the numbers of the long packet types. */

import { quic } from '../../src/app/quic.ts';
import { labelInput } from '../../src/app/quic-crypto.ts';
import { quicVersion } from '../../src/app/quic-versions.ts';
import { type GeneratedTable, literal } from './table.ts';

const NUMBERS = [1, 0x6b3343cf];
const TYPES = ['kInitial', 'kZeroRtt', 'kHandshake', 'kRetry'];

const bytes = (list: Uint8Array) => `{${[...list].join(', ')}}`;
const label = (text: string, length: number) => {
  const input = labelInput(text, length);
  return `{${input.length}, ${bytes(input)}}`;
};

const rows = NUMBERS.flatMap((number) => {
  const version = quicVersion(number);
  if (version === null) throw new RangeError(`no version ${number}`);
  const { name, salt, labels, types } = version;
  return [
    `    {0x${number.toString(16).padStart(8, '0')}, ${literal(name)},`,
    `     ${bytes(salt)},`,
    `     ${label(labels.key, 16)},`,
    `     ${label(labels.iv, 12)},`,
    `     ${label(labels.hp, 16)},`,
    `     {${types.map((type) => `QuicPacketType::${TYPES[type]}`).join(', ')}}},`,
  ];
});

export const quicVersions: GeneratedTable = {
  file: 'quic_versions.h',
  doc: ['Versions of QUIC (src/app/quic-versions.ts), and the ports at which it is expected (src/app/quic.ts).'],
  lines: [
    '#include <cstddef>',
    '#include <cstdint>',
    '',
    'namespace weir {',
    '',
    'enum class QuicPacketType : uint8_t { kInitial, kZeroRtt, kHandshake, kRetry };',
    '',
    '// What HKDF-Expand-Label hashes for the first block.',
    'struct QuicLabel {',
    '  size_t length;',
    '  uint8_t bytes[32];',
    '};',
    'struct QuicVersion {',
    '  uint32_t number;',
    '  const char* name;',
    '  uint8_t salt[20];',
    '  QuicLabel key;',
    '  QuicLabel iv;',
    '  QuicLabel hp;',
    '  // Of the two type bits of the first byte.',
    '  QuicPacketType types[4];',
    '};',
    '',
    '// One for all files: they are told apart by where they are.',
    'inline constexpr QuicVersion kQuicVersions[] = {',
    ...rows,
    '};',
    '',
    `constexpr QuicLabel kQuicClientIn = ${label('client in', 32)};`,
    `constexpr QuicLabel kQuicServerIn = ${label('server in', 32)};`,
    '',
    `constexpr uint16_t kQuicPorts[] = {${quic.ports.join(', ')}};`,
    '',
    '}  // namespace weir',
  ],
};
