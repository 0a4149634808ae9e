import { join as path } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CLIENT, SERVER } from '../../../src/app/dissector.ts';
import { AppReader } from '../../../src/native/app-flows.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { bytesOf, type Sent } from '../../support/app/drive.ts';
import { DROPBEAR, kexInit, type Lists, OPENSSH_CLIENT, OPENSSH_SERVER, packet, sshConnections, UNEVEN } from '../../support/app/ssh.ts';
import { be, join } from '../../support/app/steady.ts';
import { asked, interleaved, type Pick, segments, surveyed } from '../../support/app/stream-mutants.ts';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { randomOf } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const ssh = { readers: new (loadAddon().FlowReaders)(), protocol: AppReader.SSH, serverPort: 22 };
const DONE = { wrong: null, reading: 'done' };
const ODD = { wrong: null, reading: 'odd' };
const SURE_BYTES = 8;
const BANNERS: Sent[] = [
  [SERVER, 'SSH-2.0-OpenSSH_9.6\r\n'],
  [CLIENT, 'SSH-2.0-OpenSSH_9.6\r\n'],
];

function pickOf(seed: number): Pick {
  const random = randomOf(seed);
  return (below) => Math.floor(random() * below);
}

describe('plain connections', () => {
  const pick = pickOf(1);
  it.each(Object.entries(sshConnections))('%s', (_, sent: readonly Sent[]) => {
    for (const ended of [false, true])
      expect(
        asked(
          ssh,
          segments(sent, () => 1460),
          ended,
        ),
      ).toEqual(DONE);
    const inParts = segments(sent, () => 1 + pick(300), SURE_BYTES);
    expect(asked(ssh, inParts)).toEqual(DONE);
    for (let i = 0; i < 5; i++) expect(asked(ssh, interleaved(inParts, pick))).toEqual(DONE);
  });

  it('byte by byte', () => {
    for (const name of ['both', 'uneven', 'clientFirst'] as const) {
      const single = segments(sshConnections[name], () => 1, SURE_BYTES);
      expect(asked(ssh, single)).toEqual(DONE);
      expect(asked(ssh, interleaved(single, pick))).toEqual(DONE);
    }
  });

  it('connections that end early, and at other ports', () => {
    const [server, client, clientKex] = sshConnections.openssh;
    const parts = [[server], [server, client], [server, client, clientKex], [[SERVER, 'SSH-2.0-OpenSSH_9'] as Sent], [client, clientKex]];
    for (const sent of parts) {
      expect(
        asked(
          ssh,
          segments(sent, () => 1460),
        ),
      ).toEqual(DONE);
      expect(
        asked(
          ssh,
          segments(sent, () => 1460),
          false,
        ),
      ).toEqual({ wrong: null, reading: 'more' });
    }
    expect(
      asked(
        { ...ssh, serverPort: 2222 },
        segments(sshConnections.openssh, () => 1460),
      ),
    ).toEqual(DONE);
    expect(
      asked(
        { ...ssh, serverPort: 8022 },
        segments(sshConnections.openssh, () => 1460),
      ),
    ).toEqual(ODD);
  });

  it('software that is old, and that is not', () => {
    const versions = [
      '',
      '6',
      '7',
      '7.0',
      '6.9.9',
      '7.0.0.0',
      '2.5.1',
      '2.5.0',
      '2..5',
      '3.40',
      '3.39.99',
      '2.4.0',
      '2.3.999',
      '2020.0',
      '2019.99',
      '99999999999999999999',
      'x7',
      '06.6',
      '7p1',
      '1234567',
    ];
    const names = ['OpenSSH_', 'APACHE-SSHD-', 'FileZilla_', 'paramiko_', 'dropbear_', 'openssh_', 'OpenSSH', 'X'];
    for (const name of names) {
      for (const version of versions) {
        for (const protocol of ['2.0', '1.99']) {
          const banner = `SSH-${protocol}-${name}${version} Comment-1\r\n`;
          expect(
            asked(
              ssh,
              segments([[SERVER, banner], BANNERS[1]], () => 1460),
            ),
          ).toEqual(DONE);
          expect(
            asked(
              ssh,
              segments([BANNERS[0], [CLIENT, banner]], () => 1460),
            ),
          ).toEqual(DONE);
        }
      }
    }
  });

  it('banners and packets as long as they may be', () => {
    for (const [length, reading] of [
      [253, 'done'],
      [254, 'done'],
      [255, 'odd'],
      [300, 'odd'],
    ] as const) {
      const banner = `SSH-2.0-${'x'.repeat(length - 8)}\r\n`;
      expect(
        asked(
          ssh,
          segments([[SERVER, banner], BANNERS[1]], () => 1460),
        ),
      ).toEqual({ wrong: null, reading });
      expect(
        asked(
          ssh,
          segments([[SERVER, banner], BANNERS[1]], () => 50),
        ),
      ).toEqual({ wrong: null, reading });
    }
    const names = (count: number) => Array.from({ length: count }, (_, i) => `algorithm-${i}`).join(',');
    const last = (count: number): Lists => [names(count), `k${count - 1}`, ...UNEVEN.slice(2)];
    for (const [count, reading] of [
      [1, 'done'],
      [64, 'done'],
      [65, 'odd'],
    ] as const) {
      const sent: Sent[] = [
        ...BANNERS,
        [CLIENT, kexInit(last(count))],
        [SERVER, kexInit([`algorithm-${count - 1}`, ...last(count).slice(1)])],
      ];
      expect(
        asked(
          ssh,
          segments(sent, () => 1460),
        ),
      ).toEqual({ wrong: null, reading });
    }
    const long = 'n'.repeat(80);
    for (const name of [long, long.slice(0, 64), long.slice(0, 65), `${long},${long}`, `,,${long}`, `"\\${long}`]) {
      const offer = kexInit([name, ...UNEVEN.slice(1)]);
      expect(
        asked(
          ssh,
          segments([...BANNERS, [CLIENT, offer], [SERVER, offer]], () => 1460),
        ),
      ).toEqual(DONE);
    }
  });

  it('many programs, more than are remembered, each of them twice', () => {
    const pick2 = pickOf(3);
    const names = [
      'a',
      'bb',
      'c-c',
      'arcfour',
      '3des-cbc',
      'blowfish-cbc',
      'cast128-cbc',
      'arcfour128',
      'arcfour2',
      '',
      'none',
      'zlib',
      'arcfour256',
    ];
    const list = () => Array.from({ length: pick2(5) }, () => names[pick2(names.length)]).join(',');
    const offers = Array.from({ length: 300 }, () => Array.from({ length: 10 }, list));
    for (let i = 0; i < 900; i++) {
      const [mine, theirs] = [offers[pick2(4) === 0 ? i % 300 : pick2(10)], offers[pick2(300)]];
      const sent: Sent[] = [...BANNERS, [CLIENT, kexInit(mine, pick2(256))], [SERVER, kexInit(theirs, pick2(256))]];
      expect(
        asked(
          ssh,
          segments(sent, () => 1460),
        ),
      ).toEqual(DONE);
    }
  });
});

describe('what is left to the parser', () => {
  const offer = kexInit(UNEVEN);
  const odd: Record<string, readonly Sent[]> = {
    'a first segment that says too little': [[SERVER, 'SSH-2.0'], [SERVER, '-x\r\n'], BANNERS[1]],
    'lines before the banner': [[SERVER, 'Authorised users only\r\n'], BANNERS[0], BANNERS[1]],
    'lines before the second banner': [BANNERS[1], [SERVER, 'Authorised users only\r\n'], BANNERS[0]],
    'protocol 1': [
      [SERVER, 'SSH-1.5-Cisco-1.25\r\n'],
      [CLIENT, 'SSH-1.5-x\r\n'],
    ],
    'protocol 1 of the other side': [BANNERS[0], [CLIENT, 'SSH-1.5-x\r\n']],
    'no name of the software': [[SERVER, 'SSH-1.99\r\n'], BANNERS[1]],
    'another protocol': [[CLIENT, 'GET / HTTP/1.1\r\n\r\n']],
    'a client of another protocol': [BANNERS[0], [CLIENT, 'GET / HTTP/1.1\r\n\r\n']],
    'a banner that is not plain': [[SERVER, 'SSH-2.0-\xe9t\xe9\r\n']],
    'a tab in the banner': [[SERVER, 'SSH-2.0-x\ty\r\n']],
    'a packet before the KEXINIT': [...BANNERS, [CLIENT, packet(join(2, be(2, 4), 'xy'))], [CLIENT, offer]],
    'a packet without padding': [...BANNERS, [CLIENT, join(be(80, 4), 3, 20, new Uint8Array(90))]],
    'a packet that is too long': [...BANNERS, [CLIENT, join(be(35_001, 4), 4, 20)]],
    'a packet that is longer than a head': [...BANNERS, [CLIENT, join(be(17_000, 4), 4, 20)]],
    'a packet that is all padding': [...BANNERS, [CLIENT, join(be(11, 4), 10, new Uint8Array(40))]],
    'a KEXINIT that is cut': [...BANNERS, [CLIENT, packet(bytesOf(offer).subarray(5, 60))]],
    'a KEXINIT without lists': [...BANNERS, [CLIENT, packet(new Uint8Array(17).fill(20))]],
    'a name that is not plain': [...BANNERS, [CLIENT, kexInit(['\xe9', ...UNEVEN.slice(1)])]],
    'lists that are too long': [...BANNERS, [CLIENT, kexInit(['x'.repeat(4100), ...UNEVEN.slice(1)])]],
    'a head that is full': [...BANNERS, [CLIENT, offer], [CLIENT, new Uint8Array(16_384)], [SERVER, offer]],
  };
  it.each(Object.entries(odd))('%s', (_, sent) => {
    expect(
      asked(
        ssh,
        segments(sent, () => 1460),
      ),
    ).toEqual(ODD);
  });
});

it('a packet that cannot be one is odd at once, when the other side has said all', () => {
  const offer = kexInit(UNEVEN);
  for (const [length, padding, reading] of [
    [35_000, 4, 'odd'],
    [35_001, 4, 'odd'],
    [16_000, 4, 'more'],
    [80, 3, 'odd'],
    [80, 4, 'more'],
    [12, 10, 'more'],
    [11, 10, 'odd'],
  ] as const) {
    const sent: Sent[] = [...BANNERS, [CLIENT, offer], [SERVER, join(be(length, 4), padding)]];
    expect(
      asked(
        ssh,
        segments(sent, () => 1460),
        false,
      ),
    ).toEqual({ wrong: null, reading });
  }
});

describe('damaged connections', () => {
  const words = [
    'SSH-',
    'SSH-2.0-',
    'SSH-1.99-',
    '\r\n',
    '\n',
    '\r',
    '-',
    ',',
    'none',
    '\0\0\0\0',
    '\0\0\0\x04',
    '\x14',
    'arcfour,',
    ',3des-cbc',
  ];

  it('are read as the parser reads them', () => {
    const { done, ...counts } = surveyed(ssh, Object.values(sshConnections), words, 3000, pickOf(11));
    expect(counts.wrong).toBeNull();
    expect(done).toBeGreaterThan(600);
    expect(counts.odd).toBeGreaterThan(600);
  });

  it('with other lists and packets', () => {
    const pick = pickOf(5);
    const real = [OPENSSH_CLIENT, OPENSSH_SERVER, DROPBEAR, UNEVEN];
    const changed = (lists: Lists): Lists =>
      lists.map((list) => {
        const names = list.split(',');
        if (pick(3) === 0) names.splice(pick(names.length), 1 + pick(3));
        if (pick(3) === 0) names.splice(pick(names.length), 0, ['arcfour', '', '3des-cbc', 'aes128-ctr', 'none'][pick(5)]);
        return pick(30) === 0 ? '' : names.join(',');
      });
    const counts = { done: 0, odd: 0, more: 0 };
    for (let i = 0; i < 600; i++) {
      const [client, server] = [0, 1].map(() => bytesOf(kexInit(changed(real[pick(real.length)]), pick(256))));
      // Lengths of the packet, the padding and the lists.
      if (pick(3) === 0) client[pick(6)] ^= 1 << pick(8);
      if (pick(3) === 0) server[22 + pick(4)] ^= 1 << pick(3);
      const sent: Sent[] = [...BANNERS, [CLIENT, client], [SERVER, server]];
      const events = interleaved(
        segments(sent, () => 1 + pick(600), SURE_BYTES),
        pick,
      );
      const { wrong, reading } = asked(ssh, events, pick(2) === 0);
      expect(wrong).toBeNull();
      counts[reading as 'done' | 'odd' | 'more']++;
    }
    expect(counts.done).toBeGreaterThan(200);
    expect(counts.odd).toBeGreaterThan(50);
  });
});

const folder = new TemporaryFolder('ssh-reader');
afterAll(() => folder[Symbol.dispose]());

it('the reader, built with sanitizers, stays in its memory', { timeout: SANITIZED_MS }, async () => {
  const native = path(import.meta.dirname, '../../../native/app');
  const parts = ['digests.cc', 'libcrypto.cc', 'libcrypto_posix.cc', 'note_text.cc', 'ssh_offers.cc', 'ssh_reader.cc'].map((file) =>
    path(native, file),
  );
  const lines = await runSanitized(folder.file('ssh_reader_test'), [path(import.meta.dirname, 'ssh_reader_test.cc'), ...parts]);
  expect(lines).toEqual(['3 tests, 0 failed']);
});
