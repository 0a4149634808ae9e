import { truncateSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingCommands, sleep, until } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import type { ToldAlert } from '../alert-watch.ts';
import { ATTACKS, type Attack, HOSTS } from '../attacks.ts';
import { alertsDuring, inWords, isSerious, TICK_SECS, TICKS } from '../monitored.ts';
import { liveUnavailable, type Network } from '../namespaces.ts';
import { listening, startDns, startSsh, startWeb } from '../services.ts';
import { HOST_DEVICE, switchedNetwork } from '../switched-network.ts';

const missing = liveUnavailable();

describe.skipIf(missing !== null)(`attack tools before a sensor${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  const folder = new TemporaryFolder('attacks');
  const lacks = ({ commands }: Attack) => missingCommands([...commands]);
  const runnable = ATTACKS.filter((attack) => lacks(attack).length === 0);
  const concerns = ({ about }: Attack, { source, target }: ToldAlert) => source === about || target === about;
  const failures = new Map<Attack, unknown>();
  let network: Network;
  let alerts: ToldAlert[] = [];

  beforeAll(async () => {
    network = await switchedNetwork(HOSTS, 'gateway');
    if (missingCommands(['sshd', 'ssh-keygen']).length === 0) {
      await startSsh(network, 'server', [HOSTS.server], folder, 'yes');
      await listening(network, 'server', [22], []);
    }
    ({ alerts } = await alertsDuring(network, folder, async (watch) => {
      // Hosts look for their gateway before anything else: it is known by that.
      const others = Object.keys(HOSTS).filter((host) => host !== 'gateway');
      await Promise.all(others.map((host) => network.mustRun(host, 'ping', ['-c', '1', '-W', '2', HOSTS.gateway])));
      const run = (attack: Attack) => attack.run({ network, folder }).catch((error: unknown) => failures.set(attack, error));
      await Promise.all(runnable.map(run));
      const isSeen = (attack: Attack) => watch.alerts.some((alert) => alert.kind === attack.kind && concerns(attack, alert));
      // What never comes is the failure of its own test.
      await until('all alerts', () => runnable.every(isSeen), 5000).catch(() => undefined);
      await sleep(2 * TICK_SECS * 1000);
    }));
  }, 60_000);
  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  for (const attack of ATTACKS) {
    const { title, kind, companions, answerWait } = attack;
    const lacking = lacks(attack);
    it.skipIf(lacking.length > 0)(
      `${title} is ${kind}, once and in time${lacking.length > 0 ? ` (needs ${lacking.join(', ')})` : ''}`,
      () => {
        expect(failures.get(attack)).toBeUndefined();
        const own = alerts.filter((alert) => concerns(attack, alert) && isSerious(alert));
        const [first, ...more] = own.filter((alert) => alert.kind === kind);
        expect(first, own.map(inWords).join('\n')).toBeDefined();
        expect(more.map(inWords)).toEqual([]);
        expect(companions).toEqual(expect.arrayContaining(own.map((alert) => alert.kind).filter((other) => other !== kind)));
        expect(first.told_at - first.ts).toBeLessThan(answerWait + TICKS * TICK_SECS);
      },
    );
  }

  it('nothing else is told of what they do', () => {
    const strangers = alerts.filter((alert) => isSerious(alert) && !runnable.some((attack) => concerns(attack, alert)));
    expect(strangers.map(inWords)).toEqual([]);
  });
});

const ORDINARY_HOSTS = { gateway: '10.79.0.1', server: '10.79.0.3', client: '10.79.0.11' } as const;
const PAGES = 30;
const DOWNLOAD_BYTES = 50_000_000;
const BACKUP_BYTES = 120_000_000;
const BACKUP_PORT = 8730;
const PLACES = ['bakery', 'garden', 'harbour', 'library', 'museum', 'station', 'theatre', 'village', 'weather', 'workshop'];
const NAMES = PLACES.flatMap((place) => ['www', 'mail', 'images', 'cdn-3', 'login'].map((part) => `${part}.${place}-online.com`));

const missingOrdinary = liveUnavailable('nginx', 'curl', 'nc', 'dnsmasq', 'dig');

describe.skipIf(missingOrdinary !== null)(
  `ordinary traffic before a sensor${missingOrdinary === null ? '' : ` (skipped: ${missingOrdinary})`}`,
  () => {
    const folder = new TemporaryFolder('ordinary');
    let network: Network;
    const client = (command: string, args: string[]) => network.mustRun('client', command, args, { timeoutMs: 20_000 });

    beforeAll(async () => {
      network = await switchedNetwork(ORDINARY_HOSTS, 'gateway');
      // Slow enough for a sensor that shares two cores with both ends and whatever else runs.
      for (const host of ['client', 'server']) {
        const shape = ['tbf', 'rate', '250mbit', 'burst', '256k', 'latency', '100ms'];
        await network.mustRun(host, 'tc', ['qdisc', 'add', 'dev', HOST_DEVICE, 'root', ...shape]);
      }
      const addresses = [ORDINARY_HOSTS.server];
      const servers = [startWeb(network, 'server', addresses, folder), startDns(network, 'server', addresses, '#')];
      writeFileSync(folder.file('web/download'), '');
      truncateSync(folder.file('web/download'), DOWNLOAD_BYTES);
      await listening(network, 'server', [53, 80], servers);
    });
    afterAll(async () => {
      await network[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    async function browse(): Promise<void> {
      for (let page = 0; page < PAGES; page++) {
        const { stdout } = await client('curl', ['-sS', '-o', '/dev/null', '-w', '%{http_code}', `http://${ORDINARY_HOSTS.server}/file`]);
        expect(stdout).toBe('200');
      }
    }

    async function download(): Promise<void> {
      const url = `http://${ORDINARY_HOSTS.server}/download`;
      const { stdout } = await client('curl', ['-sS', '-o', '/dev/null', '-w', '%{size_download}', url]);
      expect(Number(stdout)).toBe(DOWNLOAD_BYTES);
    }

    async function backUp(): Promise<void> {
      const store = network.start('server', 'sh', ['-c', `nc -l ${ORDINARY_HOSTS.server} ${BACKUP_PORT} | wc -c`]);
      await listening(network, 'server', [BACKUP_PORT], [store]);
      await client('sh', ['-c', `head -c ${BACKUP_BYTES} /dev/zero | nc -N ${ORDINARY_HOSTS.server} ${BACKUP_PORT}`]);
      const { stdout } = await store.wait(5000);
      expect(Number(stdout)).toBe(BACKUP_BYTES);
    }

    async function lookUp(): Promise<void> {
      writeFileSync(folder.file('names'), NAMES.map((name) => `${name}\n`).join(''));
      const { stdout } = await client('dig', [`@${ORDINARY_HOSTS.server}`, '+short', '-f', folder.file('names')]);
      expect(stdout.trim().split('\n')).toEqual(NAMES.map(() => ORDINARY_HOSTS.server));
    }

    it('browsing, a download, a backup and 50 names give no alert of medium severity or above', async () => {
      const { alerts, summary } = await alertsDuring(network, folder, async () => {
        await Promise.all([browse(), lookUp(), download()]);
        await backUp();
        await sleep(2 * TICK_SECS * 1000);
      });
      const lost = `dropped by the kernel ${summary.kernel_drops}, by the ring ${summary.ring_drops}`;
      expect(alerts.filter(isSerious).map(inWords), lost).toEqual([]);
      expect(summary.input_wire_bytes).toBeGreaterThan(DOWNLOAD_BYTES + BACKUP_BYTES);
    });
  },
);
