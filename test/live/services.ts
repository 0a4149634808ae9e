/** Real servers inside a namespace, with configurations of their own in a temporary folder; nothing of the machine's is used. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { mustRun, type Started, until } from '../support/command.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import type { Network } from './namespaces.ts';

export const SERVICE_COMMANDS = ['nginx', 'dnsmasq', 'sshd', 'mosquitto', 'redis-server', 'iperf3'];
export const CLIENT_COMMANDS = ['curl', 'ssh', 'ssh-keygen', 'mosquitto_pub', 'mosquitto_sub', 'redis-cli', 'ping'];

export interface ServiceAddresses {
  ipv4: string;
  ipv6: string;
}

export interface Services {
  /** Private key that the ssh server accepts for root. */
  sshKey: string;
  /** Bytes of the file that the web server offers as /file. */
  fileBytes: number;
}

const FILE_BYTES = 200_000;

/** Starts all servers in `space` and waits until each listens. */
export async function startServices(network: Network, space: string, at: ServiceAddresses, folder: TemporaryFolder): Promise<Services> {
  const addresses = [at.ipv4, at.ipv6];
  const sshKey = await startSsh(network, space, addresses, folder);
  const servers = [
    startWeb(network, space, addresses, folder),
    startDns(network, space, addresses, 'weir.test'),
    startMosquitto(network, space, at, folder),
    network.start(space, 'redis-server', redisArguments(at, folder)),
    network.start(space, 'iperf3', ['-s', '-B', at.ipv4]),
  ];
  await listening(network, space, [22, 53, 80, 1883, 5201, 6379], servers);
  return { sshKey, fileBytes: FILE_BYTES };
}

/** Waits until each of `ports` has a TCP listener in `space`; rejects when one of `servers` ends. */
export async function listening(network: Network, space: string, ports: number[], servers: Started[]): Promise<void> {
  await until(`servers on ports ${ports.join(', ')}`, async () => {
    const dead = servers.find((server) => !server.running);
    if (dead !== undefined) throw new Error(`${dead.label} ended: ${dead.stdout}${dead.stderr}`);
    const { stdout } = await network.mustRun(space, 'cat', ['/proc/net/tcp', '/proc/net/tcp6']);
    const open = new Set([...stdout.matchAll(/:([0-9A-F]{4}) [0-9A-F]+:0000 0A /g)].map((match) => Number.parseInt(match[1], 16)));
    return ports.every((port) => open.has(port));
  });
}

/** Port 80; what lies in the folder `web` of `folder` is offered. */
export function startWeb(network: Network, space: string, addresses: readonly string[], folder: TemporaryFolder): Started {
  const root = folder.file('web');
  const listen = addresses.map((address) => `listen ${address.includes(':') ? `[${address}]` : address}:80;`).join(' ');
  mkdirSync(root);
  writeFileSync(`${root}/file`, Buffer.alloc(FILE_BYTES, 'weir'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder.path}/${name};`)
    .join(' ');
  writeFileSync(
    folder.file('nginx.conf'),
    `daemon off; user root; worker_processes 1; pid ${folder.file('nginx.pid')}; error_log stderr;
events { worker_connections 64; }
http { access_log off; ${temporary} server { ${listen} root ${root}; } }\n`,
  );
  return network.start(space, 'nginx', ['-p', folder.path, '-c', folder.file('nginx.conf'), '-e', 'stderr']);
}

/** Answers every name in `domain` (`#` = any name) with its own addresses. */
export function startDns(network: Network, space: string, addresses: readonly string[], domain: string): Started {
  const names = addresses.map((address) => `--address=/${domain}/${address}`);
  const listen = addresses.map((address) => `--listen-address=${address}`);
  const alone = ['--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--bind-interfaces', '--pid-file=', '--user=root', '--cache-size=0'];
  return network.start(space, 'dnsmasq', ['--keep-in-foreground', ...alone, ...listen, ...names]);
}

function startMosquitto(network: Network, space: string, at: ServiceAddresses, folder: TemporaryFolder): Started {
  writeFileSync(
    folder.file('mosquitto.conf'),
    `listener 1883 ${at.ipv4}\nallow_anonymous true\npersistence false\nuser root\nlog_dest stderr\n`,
  );
  return network.start(space, 'mosquitto', ['-c', folder.file('mosquitto.conf')]);
}

function redisArguments(at: ServiceAddresses, folder: TemporaryFolder): string[] {
  return ['--bind', at.ipv4, '--port', '6379', '--save', '', '--appendonly', 'no', '--protected-mode', 'no', '--dir', folder.path];
}

/** Port 22, with keys and, where `passwords` says so, with passwords; resolves to the private key that it accepts for root. */
export async function startSsh(
  network: Network,
  space: string,
  addresses: readonly string[],
  folder: TemporaryFolder,
  passwords: 'yes' | 'no' = 'no',
): Promise<string> {
  const hostKey = folder.file('ssh_host_key');
  const userKey = folder.file('ssh_user_key');
  for (const key of [hostKey, userKey]) await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  writeFileSync(
    folder.file('sshd_config'),
    `${addresses.map((address) => `ListenAddress ${address}\n`).join('')}Port 22\nHostKey ${hostKey}\nAuthorizedKeysFile ${userKey}.pub
PermitRootLogin yes\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication ${passwords}\n`,
  );
  // The server insists on /run/sshd: it gets one in the private mount namespace that `ip netns exec` has made.
  const script = `mount -t tmpfs none /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f ${folder.file('sshd_config')}`;
  network.start(space, 'sh', ['-c', script]);
  return userKey;
}
