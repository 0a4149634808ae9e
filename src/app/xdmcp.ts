/** X display manager control protocol, version 1 (X.Org, "X Display Manager Control Protocol"). */
import { CountedSession } from './counted-session.ts';
import { Cursor } from './cursor.ts';
import { addDetail } from './detail.ts';
import { CLIENT, type Datagram, type DatagramDissector, SERVER, type Side, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { textOf } from './text.ts';

const DATAGRAM_LIMIT = 16;
const NAME_LIMIT = 255;

/** By opcode: [name, sender, fields]. Fields: `s` ARRAY8, `a` array of ARRAY8, `w` array of 16 bits, `2` and `4` numbers, `1` a byte. */
const operations: Readonly<Record<number, readonly [name: string, side: Side, fields: string]>> = {
  1: ['broadcast_query', CLIENT, 'a'],
  2: ['query', CLIENT, 'a'],
  3: ['indirect_query', CLIENT, 'a'],
  4: ['forward_query', CLIENT, 'ssa'],
  5: ['willing', SERVER, 'sss'],
  6: ['unwilling', SERVER, 'ss'],
  7: ['request', CLIENT, '2wassas'],
  8: ['accept', SERVER, '4ssss'],
  9: ['decline', SERVER, 'sss'],
  10: ['manage', CLIENT, '42s'],
  11: ['refuse', SERVER, '4'],
  12: ['failed', SERVER, '4s'],
  13: ['keep_alive', CLIENT, '24'],
  14: ['alive', SERVER, '14'],
};

/** Reads one field; texts of ARRAY8 go to `strings`. */
function field(kind: string, cursor: Cursor, strings: string[]): void {
  if (kind === 's') strings.push(textOf(cursor.take(cursor.u16()), NAME_LIMIT));
  else if (kind === '1') cursor.skip(1);
  else if (kind === '2') cursor.skip(2);
  else if (kind === '4') cursor.skip(4);
  else {
    const count = cursor.u8();
    for (let i = 0; i < count && !cursor.overrun; i++) cursor.skip(kind === 'w' ? 2 : cursor.u16());
  }
}

/** Opcode and texts; null when the fields do not fill the datagram exactly. */
function messageOf({ bytes, side }: Datagram): { opcode: number; strings: string[] } | null {
  const cursor = new Cursor(bytes);
  const version = cursor.u16();
  const opcode = cursor.u16();
  const length = cursor.u16();
  const operation = operations[opcode];
  if (version !== 1 || operation === undefined || operation[1] !== side || length !== cursor.left) return null;
  const strings: string[] = [];
  for (const kind of operation[2]) field(kind, cursor, strings);
  return cursor.overrun || cursor.left > 0 ? null : { opcode, strings };
}

function keep(facts: AppFacts, datagram: Datagram): boolean {
  const message = messageOf(datagram);
  if (message === null) return false;
  const { opcode, strings } = message;
  const detail = facts.detail('xdmcp');
  addDetail(detail, 'messages', operations[opcode][0]);
  if (opcode === 5) {
    detail.host ??= strings[1];
    detail.status ??= strings[2];
  } else if (opcode === 6) {
    detail.host ??= strings[0];
    detail.status ??= strings[1];
  } else if (opcode === 10) detail.display_class ??= strings[0];
  else if (opcode === 9 || opcode === 12) facts.risks.add('error_code_detected');
  return true;
}

export const xdmcp: DatagramDissector = {
  transport: 'udp',
  protocol: 'xdmcp',
  ports: [177],
  probe: (datagrams) => (messageOf(datagrams[datagrams.length - 1]) === null ? Verdict.NO : Verdict.YES),
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, (datagram) => keep(facts, datagram)),
};
