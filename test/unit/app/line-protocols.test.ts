import { describe, expect, test } from 'vitest';
import type { StreamDissector } from '../../../src/app/dissector.ts';
import { elasticsearch } from '../../../src/app/elasticsearch.ts';
import { fix } from '../../../src/app/fix.ts';
import { ftp } from '../../../src/app/ftp.ts';
import { git } from '../../../src/app/git.ts';
import { haproxy } from '../../../src/app/haproxy.ts';
import { http } from '../../../src/app/http.ts';
import { http2 } from '../../../src/app/http2.ts';
import { ident } from '../../../src/app/ident.ts';
import { imap } from '../../../src/app/imap.ts';
import { irc } from '../../../src/app/irc.ts';
import { memcachedTcp } from '../../../src/app/memcached.ts';
import { nats } from '../../../src/app/nats.ts';
import { pop3 } from '../../../src/app/pop3.ts';
import { redis } from '../../../src/app/redis.ts';
import { rsync } from '../../../src/app/rsync.ts';
import { smtp } from '../../../src/app/smtp.ts';
import { socks } from '../../../src/app/socks.ts';
import { syslogTcp } from '../../../src/app/syslog.ts';
import { telnet } from '../../../src/app/telnet.ts';
import { usenet } from '../../../src/app/usenet.ts';
import { websocket } from '../../../src/app/websocket.ts';
import { whois } from '../../../src/app/whois.ts';
import { xmpp } from '../../../src/app/xmpp.ts';
import { zabbix } from '../../../src/app/zabbix.ts';
import { isNamed, resultOf, truncated } from '../../support/app/contract.ts';
import { type DialogueName, dialogues } from '../../support/app/dialogues.ts';
import { driveStream, type Sent } from '../../support/app/drive.ts';

const dissectors: Record<DialogueName, StreamDissector> = {
  http,
  http2,
  websocket,
  smtp,
  ftp,
  pop3,
  imap,
  usenet,
  telnet,
  irc,
  xmpp,
  whois,
  redis,
  memcachedTcp,
  nats,
  rsync,
  git,
  haproxy,
  socks,
  elasticsearch,
  fix,
  syslogTcp,
  zabbix,
  ident,
};
const names = Object.keys(dissectors) as DialogueName[];

describe.each(names)('%s', (name) => {
  const sent: readonly Sent[] = dialogues[name];

  test('is named by its own parser and by no other, wherever the capture ends', () => {
    const total = sent.reduce((sum, [, piece]) => sum + piece.length, 0);
    for (let length = 0; length <= total; length++) {
      const cut = truncated(sent, length);
      const named = names.filter((other) => isNamed(driveStream(dissectors[other], cut)));
      expect(named.filter((other) => other !== name)).toEqual([]);
      if (length === total) expect(named).toEqual([name]);
    }
  });

  test('is read the same in single bytes', () => {
    expect(resultOf(driveStream(dissectors[name], sent, 1))).toEqual(resultOf(driveStream(dissectors[name], sent)));
  });

  test('says nothing when client and server are swapped, unless both sides are alike', () => {
    const swapped = sent.map(([side, bytes]): Sent => [side === 0 ? 1 : 0, bytes]);
    const symmetric: readonly DialogueName[] = ['telnet', 'rsync', 'elasticsearch', 'fix', 'zabbix', 'xmpp'];
    if (!symmetric.includes(name)) expect(isNamed(driveStream(dissectors[name], swapped))).toBe(false);
  });
});
