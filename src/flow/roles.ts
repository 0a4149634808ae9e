/** What the flags of a record say of its flow's key. */
import { RecordFlag } from '../ring/layout.ts';
import { RowRole } from './row.ts';

/** Role bits of a plain record by its flags. */
export const ROLE_OF = new Uint16Array(65_536);
for (let flags = 0; flags < ROLE_OF.length; flags++) {
  let role = (flags & RecordFlag.IPV6) !== 0 ? RowRole.IPV6 : 0;
  if ((flags & RecordFlag.HAS_PORTS) !== 0) role |= RowRole.HAS_PORTS;
  if ((flags & RecordFlag.ONE_WAY) !== 0) role |= RowRole.ONE_WAY;
  if ((flags & RecordFlag.TUNNELED) !== 0) role |= RowRole.INNER;
  ROLE_OF[flags] = role << 8;
}
