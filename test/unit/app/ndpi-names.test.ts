import { describe, expect, it } from 'vitest';
import { NdpiLabels, ndpiCategory, ndpiConfidence, ndpiLabel, ndpiProtocol, ndpiRisks } from '../../../src/app/ndpi-names.ts';
import { PROTOCOLS } from '../../../src/app/protocols.ts';
import { RISKS } from '../../../src/app/risks.ts';

describe('the labels of nDPI', () => {
  it.each([
    ['TLS', 'Google', 'tls', 'google'],
    ['Unknown', 'DNS', 'dns', 'dns'],
    ['DNS', 'Unknown', 'dns', 'dns'],
    ['STUN', 'WhatsAppCall', 'stun', 'whatsappcall'],
    [null, 'Z39.50', 'z39_50', 'z39_50'],
    ['HTTP', 'Sina(Weibo)', 'http', 'sina'],
  ])('%s.%s is %s, %s', (master, app, ourMaster, protocol) => {
    expect(ndpiLabel(master, app)).toEqual({ master: ourMaster, protocol });
  });

  it('are null when nothing is known', () => {
    expect([ndpiLabel('Unknown', 'Unknown'), ndpiLabel(null, null), ndpiProtocol('')]).toEqual([null, null, null]);
  });

  it('are the same for all names that a thing has had', () => {
    for (const names of [
      ['Redis', 'RESP'],
      ['DCE_RPC', 'MS-RPCH', 'DCERPC'],
      ['Messenger', 'FacebookMessenger'],
      ['Skype_Teams', 'Skype_TeamsCall', 'TeamsCall', 'Teams'],
      ['CSGO', 'SteamDatagramRelay'],
      ['IPsec', 'IPSec'],
      ['Collectd', 'collectd'],
      ['s7comm', 'S7Comm'],
    ]) {
      expect(new Set(names.map(ndpiProtocol)).size, names.join()).toBe(1);
    }
  });

  it('know every name that an entry of ours has, the general one where several share it', () => {
    for (const { name, ndpi } of PROTOCOLS) {
      for (const alias of ndpi) expect(PROTOCOLS.find((entry) => entry.ndpi.includes(alias))?.name).toBe(ndpiProtocol(alias));
      expect(name).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
    }
    expect([ndpiProtocol('IPSec'), ndpiProtocol('NetBIOS')]).toEqual(['ipsec', 'netbios']);
  });

  it('are found by id', () => {
    const labels = new NdpiLabels([
      { id: 0, name: 'Unknown' },
      { id: 91, name: 'TLS' },
      { id: 126, name: 'Google' },
    ]);
    expect([labels.label(91, 126), labels.label(0, 91), labels.label(91, 0), labels.label(0, 0), labels.label(7, 999)]).toEqual([
      { master: 'tls', protocol: 'google' },
      { master: 'tls', protocol: 'tls' },
      { master: 'tls', protocol: 'tls' },
      null,
      null,
    ]);
  });
});

describe('the other words of nDPI', () => {
  it.each([
    ['DataTransfer', 'data_transfer'],
    ['IoT-Scada', 'iot_scada'],
    ['VoIP', 'voip'],
    ['VPN', 'vpn'],
    ['Email', 'email'],
    ['System', 'system'],
    ['Banned_Site', 'banned_site'],
    ['Crypto_Currency', 'mining'],
    ['User custom category 1', 'user_custom_category_1'],
    ['Unspecified', 'unspecified'],
    [null, 'unspecified'],
  ])('category %s is %s', (name, ours) => {
    expect(ndpiCategory(name)).toBe(ours);
  });

  it.each([
    ['DPI', 'dpi'],
    ['DPI (cache)', 'dpi_cache'],
    ['Match by port', 'match_by_port'],
    [null, 'unknown'],
  ])('confidence %s is %s', (name, ours) => {
    expect(ndpiConfidence(name)).toBe(ours);
  });

  it('risks are found by bit, on both sides of 32', () => {
    const { risks, unnamed } = ndpiRisks((1 << 5) | (1 << 31), (1 << 4) | (1 << 30));
    expect(risks.map(({ id, name }) => [id, name])).toEqual([
      [5, 'known_protocol_on_non_standard_port'],
      [31, 'tls_uncommon_alpn'],
      [36, 'cleartext_credentials'],
    ]);
    expect(unnamed).toEqual([62]);
    expect(ndpiRisks(-2, (1 << 25) - 1).risks).toEqual(RISKS);
  });
});
