/** OpenWire, ActiveMQ's wire protocol ("OpenWire Version 2 Specification"): the WIREFORMAT_INFO that both sides begin with. */
import { Cursor } from './cursor.ts';
import { Progress, type StreamDissector, type StreamHead, Verdict, type VerdictCode } from './dissector.ts';
import { startsWith } from './text.ts';

const WIREFORMAT_INFO = 1;
const MAGIC = 'ActiveMQ';
/** Size, type, magic, version. */
const INFO_BYTES = 17;
const LAST_VERSION = 12;

function infoVerdict({ bytes, length, complete }: StreamHead): VerdictCode {
  if (length > 4 && bytes[4] !== WIREFORMAT_INFO) return Verdict.NO;
  if (length > 5) {
    const known = Math.min(length - 5, MAGIC.length);
    if (!startsWith(bytes, length, MAGIC.slice(0, known), 5)) return Verdict.NO;
  }
  if (length > 0 && bytes[0] !== 0) return Verdict.NO;
  if (length < INFO_BYTES) return complete ? Verdict.NO : Verdict.MORE;
  const cursor = new Cursor(bytes);
  const size = cursor.u32();
  cursor.skip(9);
  const version = cursor.u32();
  return size >= INFO_BYTES - 4 && size < 0x10000 && version >= 1 && version <= LAST_VERSION ? Verdict.YES : Verdict.NO;
}

export const openwire: StreamDissector = {
  transport: 'tcp',
  protocol: 'openwire',
  ports: [61_616],
  probe([client, server]) {
    const verdicts = [client, server].filter(({ length }) => length > 0).map(infoVerdict);
    if (verdicts.includes(Verdict.NO)) return Verdict.NO;
    return verdicts.includes(Verdict.YES) ? Verdict.YES : Verdict.MORE;
  },
  open: ({ facts }) => ({
    confirmed: true,
    advance(heads) {
      for (const { bytes, length } of heads) if (length >= INFO_BYTES) facts.detail('openwire').version = new Cursor(bytes, 13).u32();
      return Progress.DONE;
    },
  }),
};
