/** `weir protocols`: what flows can be labelled with, and who recognises it. */
import type { Argv } from 'yargs';
import { NdpiLabels, ndpiCategory } from '../../app/ndpi-names.ts';
import { guessedPorts } from '../../app/port-guess.ts';
import { PROTOCOLS } from '../../app/protocols.ts';
import { plainTable } from '../../export/plain-table.ts';
import { dpiUnavailable, loadDpi } from '../../native/dpi.ts';
import type { CommandContext } from '../command.ts';
import { checkNoArguments, checkUnknown } from '../flag-layer.ts';
import type { Io } from '../io.ts';

/** Who tells a protocol: our parser, libndpi, its usual port (a guess), the IP header. */
type Source = 'builtin' | 'ndpi' | 'port';

interface KnownProtocol {
  protocol: string;
  category: string;
  /** Transports of our parsers. */
  transports: ('tcp' | 'udp')[];
  /** Server ports where it usually is. */
  ports: number[];
  sources: Source[];
  /** libndpi's names for it. */
  ndpi: string[];
}

async function builtinProtocols(): Promise<Map<string, KnownProtocol>> {
  // A hundred files that no other command of this thread needs.
  const { DATAGRAM_DISSECTORS, STREAM_DISSECTORS } = await import('../../app/dissectors.ts');
  const known = new Map<string, KnownProtocol>();
  const guessed = guessedPorts();
  for (const { name, category, ndpi } of PROTOCOLS) {
    const parsers = [...STREAM_DISSECTORS, ...DATAGRAM_DISSECTORS].filter(({ protocol }) => protocol === name);
    const ports = [...new Set([...parsers.flatMap((parser) => parser.ports), ...(guessed.get(name) ?? [])])].sort((a, b) => a - b);
    const transports = [...new Set(parsers.map(({ transport }) => transport))];
    const sources: Source[] = [];
    if (parsers.length > 0) sources.push('builtin');
    if (guessed.has(name)) sources.push('port');
    known.set(name, { protocol: name, category, transports, ports, sources, ndpi: [...ndpi] });
  }
  return known;
}

/** Adds what the libndpi of this machine knows; nothing where there is none. */
function addNdpi(known: Map<string, KnownProtocol>): string | null {
  const addon = loadDpi();
  if (addon === null) return null;
  const detector = addon.createDetector({ maxFlows: 1 });
  const protocols = detector.protocols();
  const labels = new NdpiLabels(protocols);
  for (const { id, name, category } of protocols) {
    const label = labels.label(id, 0)?.protocol;
    if (label === undefined) continue;
    const entry = known.get(label) ?? {
      protocol: label,
      category: ndpiCategory(detector.categoryName(category)),
      transports: [],
      ports: [],
      sources: [],
      ndpi: [name],
    };
    if (!entry.sources.includes('ndpi')) entry.sources.push('ndpi');
    known.set(label, entry);
  }
  detector.close();
  return addon.version;
}

export async function listProtocols(io: Io, options: { json: boolean }): Promise<number> {
  const known = await builtinProtocols();
  const version = addNdpi(known);
  const list = [...known.values()].sort((a, b) => (a.protocol < b.protocol ? -1 : 1));
  if (options.json) {
    io.stdout.write(`${JSON.stringify({ ndpi_version: version, protocols: list }, null, 2)}\n`);
    return 0;
  }
  const rows = list.map(({ protocol, category, transports, ports, sources, ndpi }) => [
    protocol,
    category,
    transports.join(' '),
    ports.join(' '),
    sources.join(' '),
    ndpi.join(' '),
  ]);
  io.stdout.write(`${plainTable([['Protocol', 'Category', 'Parser', 'Usual ports', 'Known by', "nDPI's names"], ...rows])}\n`);
  const builtin = list.filter(({ sources }) => sources.includes('builtin')).length;
  const ndpi = version === null ? `libndpi is not used: ${dpiUnavailable() ?? 'not there'}` : `libndpi ${version}`;
  io.stdout.write(`\n${list.length} protocols, ${builtin} with a parser of our own; ${ndpi}\n`);
  return 0;
}

export const protocols = {
  name: 'protocols',
  usage: 'protocols',
  summary: 'List the protocols that flows are labelled with, and who recognises them',
  build: (yargs: Argv): Argv =>
    yargs
      .option('json', { type: 'boolean', describe: 'As JSON' })
      .example('$0 protocols', 'name, category, parser, usual ports, sources')
      .example('$0 protocols --json', 'the same for programs'),
  run: async ({ parsed, io }: CommandContext): Promise<number> => {
    checkNoArguments(parsed, 'protocols');
    checkUnknown(parsed, new Set(['json', 'help', 'h', 'version', 'V']), 'protocols', ['json']);
    return listProtocols(io, { json: parsed.json === true });
  },
} as const;
