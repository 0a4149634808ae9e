/** Realistic exchanges of the protocols over UDP, as the tests of several parsers want them: each is the decoy of all others. */
import { ANSWER, a, dnsMessage, FIRST_NAME, QUERY } from './dns.ts';
import { fromHex, type Sent } from './drive.ts';
import { be, join, le, sized } from './steady.ts';

const zeros = (count: number) => new Uint8Array(count);

/** `FILESRV` and its last byte as 32 letters with their length. */
export function netbiosName(name: string, suffix: number): Uint8Array {
  const raw = [...Buffer.from(name.padEnd(15)), suffix];
  return join(32, ...raw.map((byte) => [0x41 + (byte >> 4), 0x41 + (byte & 15)]), 0);
}

export function dhcpMessage(op: number, options: Uint8Array, assigned = '0.0.0.0'): Uint8Array {
  const head = join(op, 1, 6, 0, be(0x3903f326, 4), zeros(8), a(assigned), zeros(8), fromHex('00005e0053aa'), zeros(10), zeros(192));
  return join(head, fromHex('63825363'), options, 255);
}

export const option = (code: number, ...value: Parameters<typeof join>): Uint8Array => join(code, sized(1, ...value));

/** One element of BER; lengths below 65,536. */
export function ber(tag: number, ...content: Parameters<typeof join>): Uint8Array {
  const body = join(...content);
  const length = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length];
  return join(tag, length, body);
}

export const integer = (value: number, tag = 2) => ber(tag, value < 128 ? [value] : be(value, 4));

export function snmpMessage(version: number, pduTag: number, error = 0): Uint8Array {
  const binding = ber(0x30, ber(6, fromHex('2b06010201010500')), ber(5));
  return ber(0x30, integer(version), ber(4, 'public'), ber(pduTag, integer(77), integer(error), integer(0), ber(0x30, binding)));
}

export function radiusMessage(code: number, id: number, attributes: Uint8Array): Uint8Array {
  return join(code, id, be(20 + attributes.length, 2), zeros(16).fill(7), attributes);
}

const context = (number: number, ...content: Parameters<typeof join>) => ber(0xa0 + number, ...content);
const general = (text: string) => ber(0x1b, text);
const principal = (type: number, ...parts: string[]) => ber(0x30, context(0, integer(type)), context(1, ber(0x30, ...parts.map(general))));

export const AS_REQ = ber(
  0x6a,
  ber(
    0x30,
    context(1, integer(5)),
    context(2, integer(10)),
    context(
      4,
      ber(
        0x30,
        context(0, fromHex('03050040810010')),
        context(1, principal(1, 'alice')),
        context(2, general('EXAMPLE.ORG')),
        context(3, principal(2, 'krbtgt', 'EXAMPLE.ORG')),
        context(7, integer(1)),
        context(8, ber(0x30, integer(18), integer(17))),
      ),
    ),
  ),
);

export function kerberosError(code: number): Uint8Array {
  return ber(
    0x7e,
    ber(
      0x30,
      context(0, integer(5)),
      context(1, integer(30)),
      context(6, integer(code)),
      context(9, general('EXAMPLE.ORG')),
      context(10, principal(2, 'krbtgt', 'EXAMPLE.ORG')),
    ),
  );
}

export function ldapMessage(id: number, operation: Uint8Array): Uint8Array {
  return ber(0x30, integer(id), operation);
}

/** A search for `attribute=value` under the root. */
export const ldapSearch = (id: number, attribute: string, value: string) =>
  ldapMessage(
    id,
    ber(
      0x63,
      ber(4, ''),
      integer(0, 10),
      integer(0, 10),
      integer(0),
      integer(0),
      ber(1, 0),
      ber(0xa3, ber(4, attribute), ber(4, value)),
      ber(0x30),
    ),
  );

export const ldapResult = (id: number, tag: number, code: number) => ldapMessage(id, ber(tag, integer(code, 10), ber(4), ber(4)));

export const NOW = 1_700_000_000;
export const netflow5 = (records: number) =>
  join(be(5, 2), be(records, 2), be(60_000, 4), be(NOW, 4), be(0, 4), be(1, 4), 0, 9, be(0, 2), zeros(48 * records));
export const netflow9 = join(
  be(9, 2),
  be(1, 2),
  be(60_000, 4),
  be(NOW, 4),
  be(1, 4),
  be(42, 4),
  be(0, 2),
  be(16, 2),
  be(256, 2),
  be(2, 2),
  be(8, 2),
  be(4, 2),
  be(12, 2),
  be(4, 2),
);

/** Header of PTP version 2 with what follows it. */
export function ptpMessage(type: number, control: number, ...body: Parameters<typeof join>): Uint8Array {
  const tail = join(...body);
  return join(
    type,
    2,
    be(34 + tail.length, 2),
    0,
    0,
    be(0x0200, 2),
    zeros(8),
    zeros(4),
    fromHex('00005efffe005301'),
    be(1, 2),
    be(3, 2),
    control,
    1,
    tail,
  );
}

export const hsrpHello = join(0, 0, 16, 3, 10, 110, 7, 0, 'cisco', zeros(3), a('192.0.2.1'));
export const bfdControl = fromHex('20 c0 03 18 00000001 00000002 000f4240 000f4240 00000000');
export const ripResponse = join(2, 2, 0, 0, be(2, 2), be(0, 2), a('198.51.100.0'), a('255.255.255.0'), a('0.0.0.0'), be(1, 4));

export function slpMessage(code: number, ...body: Parameters<typeof join>): Uint8Array {
  const rest = join(be(0, 2), be(0, 3), be(99, 2), sized(2, 'en'), ...body);
  return join(2, code, be(5 + rest.length, 3), rest);
}

export const wsdProbe = `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:wsd="http://schemas.xmlsoap.org/ws/2005/04/discovery"><soap:Header><wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To><wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</wsa:Action></soap:Header><soap:Body><wsd:Probe><wsd:Types>wsdp:Device</wsd:Types></wsd:Probe></soap:Body></soap:Envelope>`;

/** MAP of PCP for UDP port 4500; `answer` adds what the gateway says. */
export function pcpMap(answer: boolean): Uint8Array {
  const address = join(zeros(10), 0xff, 0xff, a('203.0.113.5'));
  const head = answer
    ? join(2, 0x81, 0, 0, be(7200, 4), be(1000, 4), zeros(12))
    : join(2, 1, 0, 0, be(7200, 4), zeros(10), 0xff, 0xff, a('192.168.1.9'));
  return join(head, zeros(12).fill(3), 17, zeros(3), be(4500, 2), be(answer ? 40_500 : 0, 2), answer ? address : zeros(16));
}

export const asfPing = fromHex('0600ff06 000011be 80 00 00 00');
export const ipmiGetAuth = fromHex('0600ff07 00 00000000 00000000 09 20 18 c8 81 00 38 8e 04 b5');

export function xdmcpMessage(opcode: number, ...body: Parameters<typeof join>): Uint8Array {
  return join(be(1, 2), be(opcode, 2), sized(2, ...body));
}

export const capwapDiscovery = (() => {
  const elements = join(be(20, 2), sized(2, 0), be(4, 2), sized(2, 'wlc-1'));
  return join(fromHex('00 10 02 00 00000000'), be(2, 4), 5, be(elements.length + 3, 2), 0, elements);
})();

export const ldpHello = (() => {
  const tlvs = join(be(0x0400, 2), sized(2, be(15, 2), be(0, 2)), be(0x0401, 2), sized(2, a('192.0.2.3')));
  const message = join(be(0x0100, 2), sized(2, be(1, 4), tlvs));
  return join(be(1, 2), sized(2, a('192.0.2.3'), be(0, 2), message));
})();

export const dropboxAnnouncement =
  '{"host_int": 1234567890123, "version": [2, 0], "displayname": "", "port": 17500, "namespaces": [11, 22]}';

export const bacnetIAm = fromHex('81 0b 0018 01 20 ffff 00 ff 10 00 c4 02 00 04 d2 22 05 c4 91 03 21 0f');
export const sflowDatagram = join(
  be(5, 4),
  be(1, 4),
  a('192.0.2.8'),
  be(0, 4),
  be(9, 4),
  be(60_000, 4),
  be(1, 4),
  be(2, 4),
  sized(4, zeros(88)),
);

/** Mode, stratum and what a clock that works would say. */
export function ntpPacket(mode: number, stratum: number): Uint8Array {
  const time = be(0xe8f0_0000, 4);
  if (mode === 3) return join(0x20 | mode, 0, 10, 0xe9, zeros(36), time, be(5, 4));
  return join(
    0x20 | mode,
    stratum,
    10,
    0xe9,
    be(0x100, 4),
    be(0x200, 4),
    stratum === 1 ? 'GPS\0' : a('192.0.2.123'),
    time,
    be(0, 4),
    time,
    be(5, 4),
    time,
    be(6, 4),
    time,
    be(7, 4),
  );
}

export const coapGet = join(0x44, 1, be(0x1234, 2), 'tokn', 0xb7, 'sensors', 0x04, 'temp');
export const coapContent = join(0x64, 0x45, be(0x1234, 2), 'tokn', 0xc0, 0xff, '22.3 C');

export const dhcpv6Solicit = join(
  1,
  fromHex('a1b2c3'),
  be(1, 2),
  sized(2, fromHex('0003000100005e0053aa')),
  be(6, 2),
  sized(2, be(23, 2), be(24, 2)),
  be(39, 2),
  sized(2, 0, 4, 'host', 7, 'example', 0),
  be(8, 2),
  sized(2, be(0, 2)),
);

const browserData = join(
  1,
  0,
  le(720_000, 4),
  Buffer.from('FILESRV'.padEnd(16, '\0')),
  10,
  0,
  le(0x9003, 4),
  15,
  1,
  le(0xaa55, 2),
  'files',
  0,
);
const mailslot = join('\\MAILSLOT\\BROWSE', 0);
const smb = join(
  fromHex('ff534d42 25'),
  zeros(27),
  17,
  le(0, 2),
  le(browserData.length, 2),
  zeros(18),
  le(browserData.length, 2),
  le(32 + 3 + 34 + mailslot.length, 2),
  3,
  0,
  zeros(6),
  le(mailslot.length + browserData.length, 2),
  mailslot,
  browserData,
);
export const browserAnnouncement = (() => {
  const names = join(netbiosName('FILESRV', 0x20), netbiosName('WORKGROUP', 0x1d));
  return join(0x11, 2, be(7, 2), a('192.0.2.9'), be(138, 2), be(names.length + smb.length, 2), be(0, 2), names, smb);
})();

export const netbiosQuery = join(be(0x4567, 2), be(0x0110, 2), be(1, 2), zeros(6), netbiosName('FILESRV', 0x20), be(0x20, 2), be(1, 2));
export const netbiosAnswer = join(
  be(0x4567, 2),
  be(0x8500, 2),
  be(0, 2),
  be(1, 2),
  zeros(4),
  netbiosName('FILESRV', 0x20),
  be(0x20, 2),
  be(1, 2),
  be(300, 4),
  sized(2, be(0, 2), a('192.0.2.9')),
);

const LOCAL_QUERY = dnsMessage({ id: 0, flags: 0, questions: [['_ipp._tcp.local', 12, 0x8001]] });
const LOCAL_ANSWER = dnsMessage({ id: 0, flags: 0x8400, answers: [['printer.local', 1, 120, a('192.0.2.44'), 0x8001]] });

/** By the name of the parser. */
export const exchanges: Readonly<Record<string, readonly Sent[]>> = {
  dnsUdp: [
    [0, QUERY],
    [1, ANSWER],
  ],
  mdns: [
    [0, LOCAL_QUERY],
    [1, LOCAL_ANSWER],
  ],
  netbiosNs: [
    [0, netbiosQuery],
    [1, netbiosAnswer],
  ],
  netbiosDgm: [[0, browserAnnouncement]],
  dhcp: [
    [
      0,
      dhcpMessage(
        1,
        join(
          option(53, 1),
          option(12, 'Alices-PC'),
          option(55, 1, 3, 6, 15),
          option(60, 'MSFT 5.0'),
          option(50, a('192.0.2.50')),
          option(61, 1, fromHex('00005e0053aa')),
        ),
      ),
    ],
    [1, dhcpMessage(2, join(option(53, 2), option(54, a('192.0.2.1')), option(51, be(3600, 4)), option(3, a('192.0.2.1'))), '192.0.2.50')],
  ],
  dhcpv6: [[0, dhcpv6Solicit]],
  ntp: [
    [0, ntpPacket(3, 0)],
    [1, ntpPacket(4, 2)],
  ],
  snmp: [
    [0, snmpMessage(1, 0xa0)],
    [1, snmpMessage(1, 0xa2)],
  ],
  radius: [
    [0, radiusMessage(1, 5, join([1, 7], 'alice', [2, 18], zeros(16), [4, 6], a('192.0.2.2')))],
    [1, radiusMessage(2, 5, zeros(0))],
  ],
  tftp: [[0, join(be(1, 2), 'boot/pxe.0', 0, 'octet', 0, 'tsize', 0, '0', 0)]],
  coap: [
    [0, coapGet],
    [1, coapContent],
  ],
  kerberosUdp: [
    [0, AS_REQ],
    [1, kerberosError(6)],
  ],
  ldapUdp: [
    [0, ldapSearch(1, 'DnsDomain', 'example.org')],
    [1, join(ldapMessage(1, ber(0x64, ber(4), ber(0x30))), ldapResult(1, 0x65, 0))],
  ],
  netflow: [[0, netflow5(2)]],
  sflow: [[0, sflowDatagram]],
  ptp: [[0, ptpMessage(0, 0, zeros(10))]],
  hsrp: [[0, hsrpHello]],
  rip: [[0, ripResponse]],
  bfd: [[0, bfdControl]],
  slp: [[0, slpMessage(1, sized(2), sized(2, 'service:printer'), sized(2, 'DEFAULT'), sized(2), sized(2))]],
  wsd: [[0, wsdProbe]],
  natPmp: [
    [0, pcpMap(false)],
    [1, pcpMap(true)],
  ],
  rmcp: [[0, ipmiGetAuth]],
  xdmcp: [
    [0, xdmcpMessage(2, 0)],
    [1, xdmcpMessage(5, sized(2), sized(2, 'desk'), sized(2, 'Willing to manage'))],
  ],
  capwap: [[0, capwapDiscovery]],
  ldpUdp: [[0, ldpHello]],
  dropboxLan: [[0, dropboxAnnouncement]],
  bacnet: [[0, bacnetIAm]],
};

export const LLMNR_QUERY = dnsMessage({ id: 0x77, flags: 0, questions: [['fileserver', 1]] });
export const LLMNR_ANSWER = dnsMessage({
  id: 0x77,
  flags: 0x8000,
  questions: [['fileserver', 1]],
  answers: [[FIRST_NAME, 1, 30, a('192.0.2.9')]],
});
