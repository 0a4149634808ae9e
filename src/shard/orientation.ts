/** Who began a flow, where no SYN tells: the opening message of some protocols proves it. */
import type { FlowApp } from '../app/flow-app.ts';
import type { ProtocolName } from '../app/protocols.ts';
import { Reason } from '../flow/direction.ts';
import type { FlowLives } from '../flow/lives.ts';
import * as row from '../flow/row.ts';

const EVIDENCE: Partial<Record<ProtocolName, number>> = {
  dns: Reason.DNS_QUERY,
  tls: Reason.TLS_CLIENT_HELLO,
  quic: Reason.TLS_CLIENT_HELLO,
  dtls: Reason.TLS_CLIENT_HELLO,
  http: Reason.HTTP_REQUEST,
};

/** Corrects client and reason of the flow as soon as its application has said enough; once. */
export function orient({ store, tcp }: FlowLives, app: FlowApp): void {
  const { slot, label } = app;
  if (label === null) return;
  const evidence = app.saidFirst(label.layers[0]) ? EVIDENCE[label.layers[0]] : undefined;
  if (evidence === undefined) return;
  app.isOriented = true;
  const reasonAt = slot * store.coldBytes - row.HOT_BYTES + row.F_DIRECTION_REASON;
  const reason = store.coldB[reasonAt];
  if (reason === Reason.SYN || reason === Reason.SYN_ACK) return;
  store.coldB[reasonAt] = evidence;
  const flagsAt = (slot * row.HOT_BYTES + row.F_FLAGS) >> 2;
  const client = app.swapped ? app.client ^ 1 : app.client;
  if ((store.hotI[flagsAt] & row.RowFlag.CLIENT_IS_B) === client) return;
  store.hotI[flagsAt] = store.hotI[flagsAt] ^ row.RowFlag.CLIENT_IS_B;
  tcp.history.flip(slot);
}
