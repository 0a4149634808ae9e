/**
 * Private networks for tests: Linux network namespaces joined by veth pairs, named after the process that made them,
 * removed on disposal, at exit and on signals. What a killed process left behind, the next one removes.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type CommandOptions, type CommandResult, missingCommands, mustRun, runCommand, Started } from '../support/command.ts';

const PREFIX = 'weir';
const live = new Set<Network>();
let sequence = 0;
let hooked = false;

/** Why live tests cannot run here, or null when they can. */
export function liveUnavailable(...commands: string[]): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = missingCommands(['ip', 'tc', 'ethtool', ...commands]);
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  const probe = `${PREFIX}-${process.pid}-probe`;
  if (spawnSync('ip', ['netns', 'add', probe]).status !== 0) return 'needs the right to make network namespaces';
  spawnSync('ip', ['netns', 'del', probe]);
  return null;
}

/** One end of a veth pair. */
export interface Port {
  space: string;
  device: string;
}

export class Network implements AsyncDisposable {
  private readonly prefix: string;
  private readonly spaces = new Set<string>();
  private readonly started: Started[] = [];

  private constructor() {
    this.prefix = `${PREFIX}-${process.pid}-${sequence++}`;
  }

  /** Makes one namespace per name; their loopback is up and IPv6 off unless `ipv6` names them. */
  static async create(names: string[], ipv6: string[] = []): Promise<Network> {
    installHooks();
    removeLeftovers();
    const network = new Network();
    live.add(network);
    for (const name of names) {
      await mustRun('ip', ['netns', 'add', network.name(name)]);
      network.spaces.add(name);
      await network.quietIpv6(name, ipv6.includes(name));
      await network.ip(name, 'link', 'set', 'lo', 'up');
    }
    return network;
  }

  /** The system's name of a namespace of this network. */
  name(space: string): string {
    return `${this.prefix}-${space}`;
  }

  ip(space: string, ...args: string[]): Promise<CommandResult> {
    return mustRun('ip', ['-n', this.name(space), ...args]);
  }

  /** Runs a command inside to its end; the exit code is the caller's to judge. */
  run(space: string, command: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand('ip', ['netns', 'exec', this.name(space), command, ...args], options);
  }

  mustRun(space: string, command: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
    return mustRun('ip', ['netns', 'exec', this.name(space), command, ...args], options);
  }

  /** Starts a command inside; `ip netns exec` replaces itself by it, so the process id is the command's own. */
  start(space: string, command: string, args: string[], options: CommandOptions = {}): Started {
    const process = new Started('ip', ['netns', 'exec', this.name(space), command, ...args], options);
    this.started.push(process);
    return process;
  }

  /** A veth pair, both ends up, offloads off: what is captured is what was on the wire. */
  async join(left: Port, right: Port, mtu = 1500): Promise<void> {
    await this.ip(
      left.space,
      'link',
      'add',
      'name',
      left.device,
      'mtu',
      String(mtu),
      'type',
      'veth',
      'peer',
      'name',
      right.device,
      'mtu',
      String(mtu),
      'netns',
      this.name(right.space),
    );
    for (const port of [left, right]) {
      await this.offloadsOff(port);
      await this.ip(port.space, 'link', 'set', port.device, 'up');
    }
  }

  async address(space: string, device: string, prefix: string): Promise<void> {
    const flags = prefix.includes(':') ? ['nodad'] : [];
    await this.ip(space, 'address', 'add', prefix, 'dev', device, ...flags);
  }

  /** A neighbour that never answers: frames to it leave without ARP, and nobody replies. */
  async silentNeighbour(space: string, device: string, address: string, mac = '02:00:00:00:00:fe'): Promise<void> {
    await this.ip(space, 'neighbour', 'replace', address, 'lladdr', mac, 'dev', device, 'nud', 'permanent');
  }

  /** Copies everything that arrives at `from` out of `to`, which must be in the same namespace. */
  async mirror(space: string, from: string, to: string): Promise<void> {
    const tc = ['-n', this.name(space)];
    await mustRun('tc', [...tc, 'qdisc', 'add', 'dev', from, 'ingress']);
    const match = ['protocol', 'all', 'prio', '1', 'u32', 'match', 'u32', '0', '0'];
    await mustRun('tc', [
      ...tc,
      'filter',
      'add',
      'dev',
      from,
      'parent',
      'ffff:',
      ...match,
      'action',
      'mirred',
      'egress',
      'mirror',
      'dev',
      to,
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // First everything inside: children of what was started here hold its pipes open.
    this.remove();
    for (const process of this.started) if (process.running) process.child.kill('SIGKILL');
    await Promise.allSettled(this.started.map((process) => process.ended));
  }

  /** Kills what still runs inside and removes the namespaces. Synchronous: it runs at exit and on signals too. */
  remove(): void {
    if (!live.delete(this)) return;
    for (const space of this.spaces) removeNamespace(this.name(space));
  }

  private async offloadsOff(port: Port): Promise<void> {
    const names = ['gro', 'gso', 'tso', 'tx', 'rx', 'rxvlan', 'txvlan'];
    await this.mustRun(port.space, 'ethtool', ['-K', port.device, ...names.flatMap((name) => [name, 'off'])]);
  }

  private async quietIpv6(space: string, on: boolean): Promise<void> {
    const conf = 'net.ipv6.conf';
    // Without link-local addresses there are no router solicitations and few multicast reports.
    const quiet = [
      `${conf}.default.autoconf=0`,
      `${conf}.default.accept_ra=0`,
      `${conf}.default.accept_dad=0`,
      `${conf}.default.addr_gen_mode=1`,
    ];
    const off = [`${conf}.all.disable_ipv6=1`, `${conf}.default.disable_ipv6=1`];
    await this.mustRun(space, 'sysctl', ['-qw', ...(on ? quiet : off)]);
  }
}

function removeNamespace(name: string): void {
  const pids = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).stdout ?? '';
  for (const pid of pids.split('\n')) {
    try {
      if (pid !== '') process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  spawnSync('ip', ['netns', 'del', name]);
}

function removeLeftovers(): void {
  const list = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? '';
  for (const line of list.split('\n')) {
    const name = line.split(' ')[0] ?? '';
    const match = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name);
    if (match !== null && !existsSync(`/proc/${match[1]}`)) removeNamespace(name);
  }
}

function installHooks(): void {
  if (hooked) return;
  hooked = true;
  const removeAll = () => {
    for (const network of live) network.remove();
  };
  process.on('exit', removeAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      removeAll();
      process.kill(process.pid, signal);
    });
  }
}
