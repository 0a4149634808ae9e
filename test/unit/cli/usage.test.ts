import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { version } from '../../../src/version.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { fakeRun } from './fake-run.ts';

describe('wrong command lines', () => {
  it.each([
    ['relpay x', 'unknown command "relpay"', 'did you mean weir replay?'],
    ['capture --snaplne 5', 'unknown option --snaplne', 'did you mean --snaplen?'],
    ['capture -x', 'unknown option -x', 'weir capture --help lists all options'],
    ['replay x -i eth0', '-i is no option of weir replay', 'it belongs to weir capture and weir serve'],
    ['capture --speed max', '--speed is no option of weir capture', 'it belongs to weir replay and weir serve'],
    ['capture extra', 'weir capture takes no argument, but "extra" is given', null],
    ['interfaces extra', 'weir interfaces takes no argument, but "extra" is given', null],
    ['interfaces --jso', 'unknown option --jso', 'did you mean --json?'],
    ['replay', 'no file to replay', 'weir replay FILE...; - reads standard input'],
    ['replay x -s', '-s needs a value', null],
    ['replay x -s 5', '-s is 5, but must be between 16 and 262144', null],
    ['replay x -s=many', '-s is "many", which is not a number', null],
    ['replay x -c -5', '-c is -5, but must be between 0 and 9007199254740991', null],
    ['replay x --tick-ms 10.5', '--tick-ms is 10.5, but must be a whole number', null],
    ['replay x --quiet --no-quiet', '--quiet and --no-quiet contradict each other', 'give one of them'],
    ['replay x --rtt --no-rtt', '--rtt and --no-rtt contradict each other', 'give one of them'],
    ['replay x --shards 2 --workers 3', '--shards is given 2 times', 'give it once'],
    ['replay x --quiet --packets', '--quiet and --packets contradict each other', null],
    ['replay x --write-pcap y --write-pcap-rotate-mb 3', '--write-pcap-rotate-mb needs --write-pcap-max-files', 'give both, or neither'],
    ['replay x --export-json - --ledger -', '--export-json and --ledger both write to standard output', null],
    ['replay x --config /nowhere/weir.toml', 'configuration file /nowhere/weir.toml: no such file', null],
    ['replay x --log-file -', '--log-file cannot be standard output', null],
    ['rules chek', 'there is no rule "chek"', 'did you mean weir rules check?'],
    ['rules check twice', 'weir rules takes one argument, but "twice" is given as well', null],
    ['rules --confg x', 'unknown option --confg', 'did you mean --config?'],
    ['replay x --internal-network 10.0.0/8', '--internal-network: "10.0.0/8" is neither a network in CIDR notation nor an address', null],
    ['replay x --no-anomalies --alerts-jsonl y', '--alerts-jsonl needs detection', 'leave out --no-anomalies'],
    ['completion tcsh', 'no completion for "tcsh"', 'weir completion bash|zsh|fish'],
  ])('weir %s', async (line, message, hint) => {
    const { code, stdout, stderr, sensor } = await fakeRun(line.split(' '));
    expect(code).toBe(2);
    expect(stdout.text).toBe('');
    expect(stderr.lines[0]).toBe(`weir: ${message}`);
    if (hint !== null) expect(stderr.lines.slice(1)).toEqual([`  hint: ${hint}`]);
    expect(sensor).toBeNull();
  });

  it('keeps control characters out of its messages', async () => {
    const { stderr } = await fakeRun(['\u001b[31mred\nline']);
    expect(stderr.lines[0]).not.toContain('\u001b');
    expect(stderr.lines).toHaveLength(2);
  });

  it('shows help on standard error when no command is given', async () => {
    const { code, stdout, stderr } = await fakeRun([]);
    expect(code).toBe(2);
    expect(stdout.text).toBe('');
    expect(stderr.text).toContain('weir replay');
  });
});

describe('help and version', () => {
  it.each([[], ['replay'], ['capture'], ['interfaces'], ['rules'], ['explain'], ['doctor'], ['completion']])(
    'of weir %s',
    async (...command) => {
      const { code, stdout, stderr, sensor } = await fakeRun([...command, '--help']);
      expect(code).toBe(0);
      expect(stderr.text).toBe('');
      expect(sensor).toBeNull();
      expect(stdout.text).toMatchSnapshot();
      if (command.length > 0) expect(stdout.text).toContain('Examples:');
      for (const line of stdout.lines) expect(line.length).toBeLessThanOrEqual(100);
    },
  );

  it.each([[['--version']], [['-V']], [['replay', '--version']]])('weir %j prints the version', async (args) => {
    const { code, stdout } = await fakeRun(args);
    expect([code, stdout.text]).toEqual([0, `${version()}\n`]);
  });
});

describe('configuration', () => {
  it('tells file, line and column of a mistake', async () => {
    using folder = new TemporaryFolder('usage');
    writeFileSync(folder.file('weir.toml'), '[capture]\nsnaplen = = 5\n');
    const broken = await fakeRun(['capture'], { directory: folder.path });
    expect(broken.code).toBe(2);
    expect(broken.stderr.lines[0]).toContain(`weir: ${folder.file('weir.toml')}:2:`);
    writeFileSync(folder.file('weir.toml'), '[capture]\nsnapln = 5\n');
    const unknown = await fakeRun(['capture'], { directory: folder.path });
    expect(unknown.code).toBe(2);
    expect(unknown.stderr.lines).toEqual([
      `weir: ${folder.file('weir.toml')}:2:1: unknown key capture.snapln`,
      '  hint: did you mean capture.snaplen?',
    ]);
  });

  it('comes from the file that the environment names, and from none with an empty --config', async () => {
    using folder = new TemporaryFolder('usage');
    writeFileSync(folder.file('weir.toml'), '[capture]\nsnaplen = 100\n');
    writeFileSync(folder.file('other.toml'), '[capture]\nsnaplen = 200\n');
    const snaplen = async (args: string[], environment: Record<string, string> = {}) =>
      (await fakeRun(['replay', 'x', ...args], { directory: folder.path, environment })).sensor?.options.snaplen;
    expect(await snaplen([])).toBe(100);
    expect(await snaplen([], { NG_CONFIG: 'other.toml' })).toBe(200);
    expect(await snaplen([], { WEIR_CONFIG: 'other.toml' })).toBe(200);
    expect(await snaplen(['--config', 'weir.toml'], { WEIR_CONFIG: 'other.toml' })).toBe(100);
    expect(await snaplen(['--config', ''])).toBe(65_535);
    expect(await snaplen(['-s', '300'], { WEIR_CONFIG: 'other.toml' })).toBe(300);
    expect(await snaplen([], { WEIR_SNAPLEN: '400' })).toBe(400);
  });

  it('is printed as a file that gives the same run', async () => {
    using folder = new TemporaryFolder('usage');
    const args = [
      '-f',
      'tcp port 80',
      '--no-rtt',
      '-s96',
      '-vv',
      '--export-json',
      'flows.json',
      '--flow-timeout-s',
      '2.5',
      '--ignore-protocols',
      'igmp,ARP',
    ];
    const printed = await fakeRun(['replay', 'x', ...args, '--print-config']);
    expect(printed.code).toBe(0);
    expect(printed.sensor).toBeNull();
    writeFileSync(folder.file('weir.toml'), printed.stdout.text);
    const direct = await fakeRun(['replay', 'x', ...args]);
    const fromFile = await fakeRun(['replay'], { directory: folder.path });
    expect(fromFile.stderr.text.replaceAll(/^.* info .*\n/gm, '')).toBe(direct.stderr.text.replaceAll(/^.* info .*\n/gm, ''));
    expect(fromFile.sensor?.options).toEqual(direct.sensor?.options);
    expect(direct.sensor?.options).toMatchObject({ filter: 'tcp port 80', snaplen: 96, ignoreProtocols: ['igmp', 'arp'] });
  });

  it('warns of a variable that means nothing', async () => {
    const { stderr, code } = await fakeRun(['replay', 'x'], { environment: { WEIR_SNAPLENGTH: '5' } });
    expect(code).toBe(0);
    expect(stderr.text).toContain('WEIR_SNAPLENGTH means nothing to weir; did you mean WEIR_SNAPLEN?');
  });
});

describe('arguments', () => {
  it('reach the sensor in every form', async () => {
    const { sensor } = await fakeRun([
      'capture',
      '-ieth0',
      '-i',
      'eth1',
      '--interface=eth2',
      '-qc3'.replace('q', 'p'),
      '--no-tunnels',
      '--workers',
      '2',
      '--stdout-minimal',
    ]);
    expect(sensor?.options.input).toMatchObject({ kind: 'capture', interfaces: ['eth0', 'eth1', 'eth2'], promiscuous: true });
    expect(sensor?.options).toMatchObject({ count: 3, packets: false, tracking: { tunnels: false, shards: 2 } });
  });

  it('are files behind --, whatever they look like', async () => {
    const { sensor } = await fakeRun(['replay', 'a.pcap', '-', '--', '-x.pcap', '--quiet']);
    expect(sensor?.options.input).toMatchObject({ kind: 'replay', files: ['a.pcap', '-', '-x.pcap', '--quiet'] });
  });

  it('switch an output off with an empty path', async () => {
    const { sensor } = await fakeRun(['replay', 'x', '--export-json', ''], { environment: { WEIR_EXPORT_JSON: 'flows.json' } });
    expect(sensor?.options.output.exportJson).toBeNull();
  });
});
