/** Real clients against the servers of `services.ts`; each rejects unless it got its answer. */
import { fileURLToPath } from 'node:url';
import type { Network } from './namespaces.ts';
import type { ServiceAddresses, Services } from './services.ts';

const dnsScript = fileURLToPath(new URL('./dns-query.ts', import.meta.url));

/** Talks to every server once, and to the web server several times over both versions of IP. */
export async function useServices(network: Network, space: string, at: ServiceAddresses, services: Services): Promise<void> {
  const urls = [`http://${at.ipv4}/file`, `http://[${at.ipv6}]/file`];
  for (let round = 0; round < 3; round++) {
    for (const url of urls) {
      const { stdout } = await network.mustRun(space, 'curl', ['-sS', '-o', '/dev/null', '-w', '%{size_download}', url]);
      if (Number(stdout) !== services.fileBytes) throw new Error(`${url} gave ${stdout} bytes`);
    }
  }
  await network.mustRun(space, process.execPath, [dnsScript, at.ipv4, 'weir.test', '5']);
  await network.mustRun(space, process.execPath, [dnsScript, at.ipv6, 'weir.test', '5']);
  await network.mustRun(space, 'ping', ['-c', '5', '-i', '0.05', at.ipv4]);
  await network.mustRun(space, 'ping', ['-c', '5', '-i', '0.05', at.ipv6]);
  await useSsh(network, space, at, services);
  await useMqtt(network, space, at);
  await useRedis(network, space, at);
  await network.mustRun(space, 'iperf3', ['-c', at.ipv4, '-n', '2M', '-b', '50M']);
  await network.mustRun(space, 'iperf3', ['-c', at.ipv4, '-u', '-n', '200K', '-b', '20M', '-l', '1000']);
}

async function useSsh(network: Network, space: string, at: ServiceAddresses, services: Services): Promise<void> {
  const options = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'BatchMode=yes', '-F', '/dev/null'];
  const { stdout } = await network.mustRun(space, 'ssh', [
    ...options,
    '-i',
    services.sshKey,
    `root@${at.ipv4}`,
    'echo',
    'over',
    'the',
    'weir',
  ]);
  if (!stdout.includes('over the weir')) throw new Error(`ssh answered ${stdout}`);
}

async function useMqtt(network: Network, space: string, at: ServiceAddresses): Promise<void> {
  const publish = ['-h', at.ipv4, '-t', 'level', '-m', '42', '-q', '1', '-r'];
  await network.mustRun(space, 'mosquitto_pub', publish);
  const { stdout } = await network.mustRun(space, 'mosquitto_sub', ['-h', at.ipv4, '-t', 'level', '-C', '1', '-W', '5']);
  if (stdout.trim() !== '42') throw new Error(`mosquitto_sub got ${stdout}`);
}

async function useRedis(network: Network, space: string, at: ServiceAddresses): Promise<void> {
  await network.mustRun(space, 'redis-cli', ['-h', at.ipv4, 'set', 'level', '42']);
  const { stdout } = await network.mustRun(space, 'redis-cli', ['-h', at.ipv4, 'get', 'level']);
  if (stdout.trim() !== '42') throw new Error(`redis-cli got ${stdout}`);
}
