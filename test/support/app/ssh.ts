/** Connections of SSH as real programs begin them. */
import { CLIENT, SERVER } from '../../../src/app/dissector.ts';
import type { Sent } from './drive.ts';
import { be, join, sized } from './steady.ts';

/** The ten lists of a KEXINIT, from key exchange to languages. */
export type Lists = readonly string[];

const MODERN_CIPHERS = 'chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com';
const MODERN_MACS =
  'umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1';
const HOST_KEYS =
  'ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256';
const KEX =
  'sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256';

const both = (ciphers: string, macs: string, compression: string) => [ciphers, ciphers, macs, macs, compression, compression, '', ''];

export const OPENSSH_CLIENT: Lists = [
  `${KEX},ext-info-c,kex-strict-c-v00@openssh.com`,
  HOST_KEYS,
  ...both(MODERN_CIPHERS, MODERN_MACS, 'none,zlib@openssh.com,zlib'),
];
export const OPENSSH_SERVER: Lists = [
  `${KEX},kex-strict-s-v00@openssh.com`,
  'rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519',
  ...both(MODERN_CIPHERS, MODERN_MACS, 'none,zlib@openssh.com'),
];
export const DROPBEAR: Lists = [
  'curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,diffie-hellman-group14-sha256,kexguess2@matt.ucc.asn.au',
  'ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-256,ssh-rsa',
  ...both('chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr', 'hmac-sha1,hmac-sha2-256', 'none'),
];
export const PARAMIKO: Lists = [
  'ecdh-sha2-nistp256,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1',
  'ssh-ed25519,ecdsa-sha2-nistp256,ssh-rsa,ssh-dss',
  ...both('aes128-ctr,aes192-ctr,aes256-ctr,aes128-cbc,3des-cbc,blowfish-cbc', 'hmac-sha2-256,hmac-sha1,hmac-md5', 'none'),
];
/** Other lists for each direction, few of them. */
export const UNEVEN: Lists = ['a-kex,b-kex', 'k1,k2', 'c1,c2', 'arcfour,c3', 'm1', 'm2', 'none', 'zlib', 'en', ''];
export const LIBSSH_SCAN: Lists = ['b-kex', '', 'c2', 'c3', 'hmac-none', 'm2', '', 'none', '', ''];

/** RFC 4253 section 6 around a KEXINIT of section 7.1. */
export function kexInit(lists: Lists, cookie = 7): Uint8Array {
  const payload = join(20, new Uint8Array(16).fill(cookie), ...lists.map((list) => sized(4, list)), 0, be(0, 4));
  return packet(payload);
}

export function packet(payload: Uint8Array): Uint8Array {
  const padding = 8 - ((payload.length + 5) % 8) + 4;
  return join(be(payload.length + padding + 1, 4), padding, payload, new Uint8Array(padding));
}

/** The server's banner, the client's, then both KEXINITs and the first encrypted bytes. */
function connection(client: string, server: string, offers: readonly [Lists, Lists]): Sent[] {
  return [
    [SERVER, server],
    [CLIENT, client],
    [CLIENT, kexInit(offers[0], 1)],
    [SERVER, kexInit(offers[1], 2)],
  ];
}

export const sshConnections = {
  openssh: connection('SSH-2.0-OpenSSH_9.6\r\n', 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n', [OPENSSH_CLIENT, OPENSSH_SERVER]),
  dropbear: connection('SSH-2.0-dropbear_2022.83\r\n', 'SSH-2.0-dropbear_2019.78\r\n', [DROPBEAR, DROPBEAR]),
  paramiko: connection('SSH-2.0-paramiko_2.3.9\r\n', 'SSH-2.0-OpenSSH_6.6.1p1 Ubuntu-2ubuntu2.13\r\n', [PARAMIKO, OPENSSH_SERVER]),
  windows: connection('SSH-2.0-PuTTY_Release_0.80\r\n', 'SSH-2.0-OpenSSH_for_Windows_8.1\r\n', [DROPBEAR, OPENSSH_SERVER]),
  github: connection('SSH-2.0-Go\r\n', 'SSH-2.0-3e5b5b6\r\n', [OPENSSH_CLIENT, DROPBEAR]),
  both: connection('SSH-2.0-libssh2_1.11.0\n', 'SSH-1.99-Cisco-1.25\n', [LIBSSH_SCAN, UNEVEN]),
  uneven: connection('SSH-2.0-"quoted\\name"\r\n', 'SSH-2.0-APACHE-SSHD-2.5.0\r\n', [UNEVEN, LIBSSH_SCAN]),
  clientFirst: [
    [CLIENT, 'SSH-2.0-OpenSSH_7.0\r\n'],
    [SERVER, 'SSH-2.0-FileZilla_3.39.9\r\n'],
    [SERVER, kexInit(UNEVEN)],
    [CLIENT, kexInit(UNEVEN)],
  ],
  bannerWithKexInit: [
    [SERVER, join('SSH-2.0-mod_sftp\r\n', kexInit(DROPBEAR))],
    [CLIENT, join('SSH-2.0-JSCH_0.2.17\r\n', kexInit(OPENSSH_CLIENT))],
  ],
} as const satisfies Record<string, readonly Sent[]>;
