import { describe, expect, it } from 'vitest';
import { flagsOf, isSecret, knownKeys, SETTINGS } from '../../../src/config/settings.ts';
import { fromText } from '../../../src/config/value.ts';

const twice = (names: string[]): string[] => names.filter((name, index) => names.indexOf(name) !== index);

describe('the table of settings', () => {
  it('uses every key, flag, letter and variable once', () => {
    expect(SETTINGS.length).toBeGreaterThan(40);
    expect(twice(SETTINGS.flatMap((setting) => [setting.key as string, ...(setting.keyAliases ?? [])]))).toEqual([]);
    expect(twice(SETTINGS.flatMap(flagsOf))).toEqual([]);
    expect(twice(SETTINGS.flatMap((setting) => setting.short ?? []))).toEqual([]);
    expect(twice(SETTINGS.flatMap((setting) => [setting.env as string, ...(setting.envAliases ?? [])]))).toEqual([]);
  });

  it('has defaults that its own checks accept', () => {
    for (const setting of SETTINGS) {
      if (setting.default === null || setting.type === 'list') continue;
      expect(fromText(setting, String(setting.default)), setting.key).toEqual({ ok: true, value: setting.default });
    }
  });

  it.each([
    'capture.interface capture.filter run.count capture.promiscuous capture.snaplen capture.timeout_ms',
    'output.hex_dump output.quiet output.write_pcap output.export_json output.export_csv stats.enabled stats.interval_ms stats.top_flows',
    'flow.timeout_secs flow.max_flows analysis.rtt analysis.retrans analysis.out_of_order',
    'capture.read_pcap capture.buffer_size_mb capture.immediate_mode pipeline.workers output.write_pcap_rotate_mb output.write_pcap_max_files',
    'network.iface protocols.ignore analysis.anomalies.enabled analysis.alerts_jsonl',
  ])('knows the keys %s of its predecessors', (keys) => {
    expect(knownKeys()).toEqual(expect.arrayContaining(keys.split(' ')));
  });

  it('knows the variables of its predecessors', () => {
    const names = SETTINGS.flatMap((setting) => setting.envAliases ?? []);
    expect(names).toEqual(
      expect.arrayContaining(['NG_IFACE', 'AGENT_INTERFACE', 'AGENT_BPF_FILTER', 'AGENT_SNAP_LEN', 'AGENT_PROMISCUOUS']),
    );
  });

  it('treats what is named like one as a secret', () => {
    expect(['web.auth.password', 'http.token', 'mqtt.client_secret'].every(isSecret)).toBe(true);
    expect(SETTINGS.filter((setting) => isSecret(setting.key))).toEqual([]);
  });

  it('keeps the documented flags with their letters', () => {
    const letters = Object.fromEntries(SETTINGS.flatMap((setting) => (setting.short === undefined ? [] : [[setting.short, setting.flag]])));
    expect(letters).toEqual({ i: 'interface', f: 'filter', c: 'count', s: 'snaplen', p: 'promiscuous', t: 'timeout-ms', v: 'verbose' });
    const flags = SETTINGS.flatMap(flagsOf);
    const documented =
      'no-promiscuous buffer-mb immediate fanout speed loop shards workers max-flows flow-timeout-s active-timeout-s tick-ms vlan-aware no-tunnels ' +
      'include-loopback no-rtt no-retrans no-out-of-order seed quiet stdout-minimal packets ignore-protocols hex-dump stats stats-interval-ms top-flows ' +
      'write-pcap write-pcap-rotate-mb write-pcap-max-files export-json export-csv flows-jsonl flows-csv packets-jsonl summary-json ledger assert-ledger ' +
      'log-file log-json anomalies no-anomalies alerts-jsonl internal-network';
    expect(documented.split(' ').filter((flag) => !flags.includes(flag))).toEqual([]);
  });
});
