import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { isObsoleteBanner, ssh } from '../../../src/app/ssh.ts';
import { driveStream } from '../../support/app/drive.ts';
import { be, join, refuses, refusesDecoys, sized, steadyStream } from '../../support/app/steady.ts';

const CLIENT_LISTS = [
  'curve25519-sha256,ecdh-sha2-nistp256,ext-info-c',
  'ssh-ed25519,rsa-sha2-512',
  'chacha20-poly1305@openssh.com,aes128-ctr',
  'aes256-ctr',
  'umac-64-etm@openssh.com,hmac-sha2-256',
  'hmac-sha1',
  'none,zlib@openssh.com',
  'none',
  '',
  '',
];
const SERVER_LISTS = [
  'ecdh-sha2-nistp256,curve25519-sha256',
  'rsa-sha2-512',
  'aes128-ctr,aes256-ctr',
  'aes128-ctr',
  'hmac-sha2-256',
  'hmac-sha2-512',
  'none',
  'none',
  '',
  '',
];

/** RFC 4253 section 6 around a KEXINIT of section 7.1. */
function kexInit(lists: readonly string[]): Uint8Array {
  const payload = join(20, new Uint8Array(16).fill(7), ...lists.map((list) => sized(4, list)), 0, be(0, 4));
  const padding = 8 - ((payload.length + 5) % 8) + 4;
  return join(be(payload.length + padding + 1, 4), padding, payload, new Uint8Array(padding));
}

const md5 = (...lists: string[]) => createHash('md5').update(lists.join(';')).digest('hex');

test('banners, both KEXINITs, what they agree on and both HASSH', () => {
  const run = steadyStream(ssh, [
    [1, 'SSH-2.0-OpenSSH_9.6\r\n'],
    [0, 'SSH-2.0-PuTTY_Release_0.80\r\n'],
    [0, kexInit(CLIENT_LISTS)],
    [1, kexInit(SERVER_LISTS)],
  ]);
  expect(run.progress).toBe(Progress.DONE);
  expect(run.confirmed).toBe(true);
  expect(run.facts.ssh).toEqual({
    client: 'SSH-2.0-PuTTY_Release_0.80',
    server: 'SSH-2.0-OpenSSH_9.6',
    kex: 'curve25519-sha256',
    host_key: 'rsa-sha2-512',
    cipher: 'aes128-ctr',
    mac: 'hmac-sha2-256',
    compression: 'none',
  });
  expect(run.facts.hassh).toBe(md5(CLIENT_LISTS[0], CLIENT_LISTS[2], CLIENT_LISTS[4], CLIENT_LISTS[6]));
  expect(run.facts.hassh_server).toBe(md5(SERVER_LISTS[0], SERVER_LISTS[3], SERVER_LISTS[5], SERVER_LISTS[7]));
  expect([...run.facts.risks]).toEqual([]);
});

test('a server may send lines before its banner, a packet may come before the KEXINIT', () => {
  const ignore = join(be(12, 4), 4, 2, be(2, 4), 'xy', new Uint8Array(4));
  const run = steadyStream(ssh, [
    [1, 'Authorised users only\r\nNothing to see\nSSH-2.0-dropbear_2022.83\r\n'],
    [0, 'SSH-2.0-libssh2_1.11.0\n'],
    [1, join(ignore, kexInit(SERVER_LISTS))],
  ]);
  expect(run.facts.ssh?.server).toBe('SSH-2.0-dropbear_2022.83');
  expect(run.facts.hassh_server).not.toBeNull();
});

test('one side is enough', () => {
  expect(driveStream(ssh, [[1, 'SSH-2.0-x\r\n']]).facts.ssh?.server).toBe('SSH-2.0-x');
  expect(driveStream(ssh, [[0, 'SSH-2.0-x\r\n']]).verdict).toBe(Verdict.YES);
});

test('old protocol, old software and old ciphers are risks of the side that has them', () => {
  for (const banner of ['SSH-1.5-Cisco-1.25', 'SSH-2.0-OpenSSH_6.6.1p1', 'SSH-2.0-dropbear_2019.78', 'SSH-2.0-paramiko_1.16.0']) {
    expect(isObsoleteBanner(banner)).toBe(true);
  }
  for (const banner of [
    'SSH-2.0-OpenSSH_7.0',
    'SSH-1.99-OpenSSH_8.0',
    'SSH-2.0-Go',
    'SSH-2.0-OpenSSH_for_Windows_8.1',
    'SSH-2.0-dropbear',
  ]) {
    expect(isObsoleteBanner(banner)).toBe(false);
  }
  const weak = CLIENT_LISTS.with(2, 'aes128-ctr,3des-cbc');
  const run = driveStream(ssh, [
    [0, 'SSH-2.0-x\r\n'],
    [1, 'SSH-2.0-OpenSSH_5.3\r\n'],
    [0, kexInit(weak)],
    [1, kexInit(SERVER_LISTS)],
  ]);
  expect([...run.facts.risks].sort()).toEqual(['ssh_obsolete_client_version_or_cipher', 'ssh_obsolete_server_version_or_cipher']);
});

test('others are refused', () => {
  refusesDecoys(ssh);
  refuses(ssh, [0, 'SSH-key: x\r\n']);
  refuses(ssh, [0, 'SSH-2']);
  refuses(ssh, [0, 'SSHX']);
});
