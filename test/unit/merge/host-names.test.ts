/** Names that DNS answers gave to addresses, and announced flows, in the notes of flows that do not name themselves. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AppNote } from '../../../src/app/note.ts';
import { addressBytes } from '../../../src/flow/address-bytes.ts';
import { NOTE_LIMIT, noteBytes, rowOffsets } from '../../../src/flow/entry.ts';
import { NameList } from '../../../src/flow/name-list.ts';
import { F_RECORD_KIND, OUTBOX_ENTRY_BYTES, RecordForm, RowFlag } from '../../../src/flow/row.ts';
import { HostNames } from '../../../src/merge/host-names.ts';
import type { ExpectationReport } from '../../../src/shard/protocol.ts';
import { entry, noted, type RowSpec } from '../records/row-fixture.ts';

const CLIENT = '10.0.0.1';
const SERVER = '192.0.2.10';
const SECOND = 1e9;
const HOUR = 3600 * SECOND;

const bytesOf = (address: string) => addressBytes(address) as Uint8Array;

interface Answer {
  client: string;
  address: string;
  name: string;
  ttl: number;
  atNs: number;
}

function answer(name: string, atNs = 0, parts: Partial<Answer> = {}): Answer {
  return { client: CLIENT, address: SERVER, ttl: 60, ...parts, name, atNs };
}

function listOf(answers: readonly Answer[]): Uint8Array {
  const list = new NameList();
  for (const { client, address, name, ttl, atNs } of answers) {
    list.add(atNs, ttl, String.fromCharCode(...bytesOf(client)), bytesOf(address), name);
  }
  return list.take();
}

function announced(port: number, parts: Partial<ExpectationReport> = {}): ExpectationReport {
  return { address: SERVER, protocol: 'ftp_data', atNs: 0, ...parts, port };
}

/** A flow of CLIENT to SERVER, and what its note says after `names`. */
const flow = (spec: RowSpec = {}) => entry({ a: CLIENT, b: SERVER, first: 10 * SECOND, ...spec });

function noteAt(entries: Uint8Array, index = 0): Partial<AppNote> {
  const text = Buffer.from(noteBytes(entries, [...rowOffsets(entries)][index])).toString();
  return text === '' ? {} : JSON.parse(text);
}

function knowing(...answers: Answer[]): HostNames {
  const hosts = new HostNames();
  hosts.learn([listOf(answers)], []);
  return hosts;
}

const hostOf = (hosts: HostNames, spec: RowSpec = {}) => noteAt(hosts.annotate(flow(spec))).host ?? null;

describe('the name of a flow', () => {
  it('is what the client was told about the address', () => {
    expect(noteAt(knowing(answer('www.example.org')).annotate(flow()))).toEqual({ host: 'www.example.org', host_source: 'dns_answer' });
  });

  it('follows the client, not the order of addresses in the row', () => {
    const hosts = knowing(answer('www.example.org'));
    const turned = { a: SERVER, b: CLIENT };
    expect(hostOf(hosts, { ...turned, flags: RowFlag.CLIENT_IS_B })).toBe('www.example.org');
    expect(hostOf(hosts, turned)).toBeNull();
  });

  it('is not what another client was told, nor of another address', () => {
    const hosts = knowing(answer('www.example.org'));
    expect(hostOf(hosts, { a: '10.0.0.2' })).toBeNull();
    expect(hostOf(hosts, { b: '192.0.2.11' })).toBeNull();
  });

  it('is found for IPv6', () => {
    const hosts = knowing(answer('six.example.org', 0, { client: '2001:db8::1', address: '2001:db8::2' }));
    expect(hostOf(hosts, { a: '2001:db8::1', b: '2001:db8::2' })).toBe('six.example.org');
  });

  it('is left alone where the flow names itself', () => {
    const own = noted(flow({ flags: RowFlag.APP_HOST }), '{"host":"own"}');
    expect(knowing(answer('other')).annotate(own)).toBe(own);
  });

  it('is not given to records of transactions and events', () => {
    for (const form of [RecordForm.TRANSACTION, RecordForm.EVENT]) {
      const side = flow();
      side[F_RECORD_KIND] = form;
      expect(knowing(answer('www.example.org')).annotate(side)).toBe(side);
    }
    expect(hostOf(knowing(answer('www.example.org')), { interim: true })).toBe('www.example.org');
  });
});

describe('time', () => {
  it('an answer counts from then on, until an hour after its time to live', () => {
    const hosts = knowing(answer('www.example.org', 20 * SECOND, { ttl: 60 }));
    expect(hostOf(hosts, { first: 20 * SECOND - 1 })).toBeNull();
    expect(hostOf(hosts, { first: 20 * SECOND })).toBe('www.example.org');
    expect(hostOf(hosts, { first: 80 * SECOND + HOUR })).toBe('www.example.org');
    expect(hostOf(hosts, { first: 80 * SECOND + HOUR + 1000 })).toBeNull();
  });

  it('of several names the last before the flow counts', () => {
    const hosts = knowing(answer('old', 0), answer('new', 30 * SECOND));
    expect([10, 40].map((at) => hostOf(hosts, { first: at * SECOND }))).toEqual(['old', 'new']);
  });

  it('the same answer again takes nothing from flows that began before it', () => {
    const hosts = knowing(answer('www.example.org', 0));
    hosts.learn([listOf([answer('www.example.org', 60 * SECOND)])], []);
    expect(hostOf(hosts, { first: 10 * SECOND })).toBe('www.example.org');
    expect(hostOf(hosts, { first: 120 * SECOND + HOUR })).toBe('www.example.org');
  });

  it('a name that comes back leaves the one between in its time', () => {
    const hosts = knowing(answer('one', 0), answer('two', 20 * SECOND), answer('one', 40 * SECOND));
    expect([10, 30, 50].map((at) => hostOf(hosts, { first: at * SECOND }))).toEqual(['one', 'two', 'one']);
  });

  it('the order in which shards report does not matter', () => {
    const report = fc.record({ name: fc.constantFrom('a', 'b', 'c'), at: fc.nat(3), host: fc.constantFrom(SERVER, '192.0.2.11') });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 6 }), fc.nat(), (reports, turn) => {
        const names = reports.map(({ name, at, host }) => answer(name, at * SECOND, { address: host }));
        const by = names.length === 0 ? 0 : turn % names.length;
        const [straight, rotated] = [knowing(...names), knowing(...names.slice(by), ...names.slice(0, by).toReversed())];
        for (const spec of [{ b: SERVER }, { b: '192.0.2.11' }]) expect(hostOf(rotated, spec)).toBe(hostOf(straight, spec));
      }),
    );
  });
});

describe('bounds', () => {
  it('four names per address: the oldest goes first', () => {
    const hosts = knowing(...[0, 1, 2, 3, 4].map((at) => answer(`name${at}`, at * SECOND)));
    expect([0.5, 1.5, 4.5].map((at) => hostOf(hosts, { first: at * SECOND }))).toEqual([null, 'name1', 'name4']);
  });

  it('262,144 pairs: the oldest goes first, and one that is named again is young', () => {
    const hosts = new HostNames();
    const report = (i: number) => answer(`host${i}`, i, { address: `198.${18 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}` });
    hosts.learn([listOf(Array.from({ length: 262_144 }, (_, i) => report(i)))], []);
    hosts.learn([listOf([{ ...report(0), atNs: 262_144 }]), listOf([{ ...report(262_144), atNs: 262_145 }])], []);
    expect([0, 1, 2, 262_144].map((i) => hostOf(hosts, { b: report(i).address }))).toEqual(['host0', null, 'host2', 'host262144']);
  });
});

describe('announced flows', () => {
  const expecting = (...list: ExpectationReport[]) => {
    const hosts = new HostNames();
    hosts.learn([], list);
    return hosts;
  };

  it('get the label that was announced, at either end', () => {
    const label = { protocol: 'ftp_data', master: null, category: 'download', confidence: 'dpi', source: 'builtin' };
    const hosts = expecting(announced(6446));
    expect(noteAt(hosts.annotate(flow({ portB: 6446 })))).toMatchObject({
      service: 'ftp_data',
      app: { ...label, category: expect.any(String) },
    });
    expect(noteAt(hosts.annotate(flow({ a: SERVER, b: '10.0.0.1', portA: 6446 }))).service).toBe('ftp_data');
  });

  it('only at that port of that address, and within five minutes', () => {
    const hosts = expecting(announced(6446, { atNs: 5 * SECOND }));
    const service = (spec: RowSpec) => noteAt(hosts.annotate(flow({ portB: 6446, ...spec }))).service ?? null;
    expect([service({ portB: 6447 }), service({ b: '192.0.2.11' }), service({ first: 4 * SECOND })]).toEqual([null, null, null]);
    expect([service({ first: 305 * SECOND }), service({ first: 305 * SECOND + 1000 })]).toEqual(['ftp_data', null]);
  });

  it('keep the label that their content gave them', () => {
    const labelled = flow({ portB: 6446, flags: RowFlag.APP_LABEL });
    expect(expecting(announced(6446)).annotate(labelled)).toBe(labelled);
  });

  it('16,384 at most: the oldest goes first', () => {
    const hosts = expecting(...Array.from({ length: 16_385 }, (_, i) => announced(i + 1, { atNs: i })));
    const service = (portB: number) => noteAt(hosts.annotate(flow({ portB }))).service ?? null;
    expect([1, 2, 16_385].map(service)).toEqual([null, 'ftp_data', 'ftp_data']);
  });
});

describe('notes that are written again', () => {
  const hosts = knowing(answer('www.example.org'));

  it('keep what they said', () => {
    const before = { service: 'ntp', app_details: { ntp: { text: 'ü\u{1f600}' } } };
    expect(noteAt(hosts.annotate(noted(flow(), JSON.stringify(before))))).toEqual({
      ...before,
      host: 'www.example.org',
      host_source: 'dns_answer',
    });
  });

  it('stay as they are when there is no room', () => {
    const full = noted(flow(), JSON.stringify({ service: 'x'.repeat(NOTE_LIMIT - 20) }));
    expect(Buffer.compare(hosts.annotate(full), full)).toBe(0);
  });

  it('change neither the rows nor the notes around them', () => {
    const sizes = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 1500 })), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, (list) => {
        const entries = list.map(([named, size], i) =>
          noted(flow({ ordinal: i + 1, a: named ? CLIENT : '10.0.0.9' }), size === 0 ? '' : JSON.stringify({ service: 'x'.repeat(size) })),
        );
        const out = hosts.annotate(Uint8Array.from(Buffer.concat(entries)));
        const offsets = [...rowOffsets(out)];
        expect(offsets).toHaveLength(list.length);
        list.forEach(([named, size], i) => {
          const expected = { ...(size === 0 ? {} : { service: 'x'.repeat(size) }), ...(named ? { host: 'www.example.org' } : {}) };
          expect(noteAt(out, i)).toMatchObject(expected);
          expect(noteAt(out, i).host).toBe(named ? 'www.example.org' : undefined);
          const row = (bytes: Uint8Array, at: number) => Buffer.from(bytes.subarray(at, at + OUTBOX_ENTRY_BYTES - 16));
          expect(row(out, offsets[i]).equals(row(entries[i], 0))).toBe(true);
        });
      }),
      { numRuns: 50 },
    );
  });
});
