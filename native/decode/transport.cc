#include "transport.h"

#include "protocols.h"

namespace weir {
namespace {

void set_flag(PacketRecord& r, RecordFlag flag) { r.flags |= static_cast<uint16_t>(flag); }

// Where the payload starts; what the IP length leaves for it.
void set_payload(PacketRecord& r, const Datagram& d, uint32_t header) {
  const uint32_t whole = d.end - d.l4;
  const uint64_t start = uint64_t{d.l4} + header;
  r.payloadLen = whole > header ? whole - header : 0;
  r.payloadOff = start <= 0xffff ? static_cast<uint16_t>(start) : 0;
}

void set_ports(PacketRecord& r, const uint8_t* p) {
  r.srcPort = be16(p);
  r.dstPort = be16(p + 2);
  set_flag(r, RecordFlag::kHasPorts);
}

bool fail(Walk& walk, Reject why, uint32_t needed) {
  walk.reject(why, needed);
  return false;
}

// The ports are good, the rest of the header is not there or wrong: still a packet of its flow, and decodeStatus says why.
bool only_ports(PacketRecord& r, const Datagram& d, uint32_t header, Reject why) {
  set_flag(r, RecordFlag::kNoTransport);
  r.decodeStatus = static_cast<uint16_t>(why);
  set_payload(r, d, header);
  return true;
}

bool decode_tcp(Walk& walk, DecodedRecord& out, const Datagram& d) {
  PacketRecord& r = out.record;
  const uint32_t left = walk.left();
  if (left < 4) return fail(walk, Reject::kTcpTruncated, 20);
  const uint8_t* p = walk.here();
  set_ports(r, p);
  if (left < 20) return only_ports(r, d, 20, Reject::kTcpTruncated);
  const uint32_t header = (p[12] >> 4) * 4u;
  if (header < 20) return only_ports(r, d, 20, Reject::kTcpBadOffset);
  r.seq = be32(p + 4);
  r.ack = be32(p + 8);
  r.tcpFlags = p[13];
  r.window = be16(p + 14);
  if (header > 20) decode_tcp_options(p + 20, header - 20, (left < header ? left : header) - 20, out);
  set_payload(r, d, header);
  return true;
}

bool decode_udp(Walk& walk, PacketRecord& r, const Datagram& d) {
  const uint32_t left = walk.left();
  if (left < 4) return fail(walk, Reject::kUdpTruncated, 8);
  const uint8_t* p = walk.here();
  set_ports(r, p);
  if (left < 8) return only_ports(r, d, 8, Reject::kUdpTruncated);
  set_payload(r, d, 8);
  if (d.protocol != kProtoUdp || d.fragment) return true;
  // The datagram's own length may leave out bytes that the IP length has; 0 means a jumbogram (RFC 2675).
  const uint32_t length = be16(p + 4);
  if (length == 0) return true;
  if (length < 8) return only_ports(r, d, 8, Reject::kUdpBadLength);
  if (length - 8 < r.payloadLen) r.payloadLen = length - 8;
  return true;
}

bool decode_sctp(Walk& walk, PacketRecord& r, const Datagram& d) {
  if (!walk.have(4)) return fail(walk, Reject::kSctpTruncated, 12);
  set_ports(r, walk.here());
  if (!walk.have(12)) return only_ports(r, d, 12, Reject::kSctpTruncated);
  set_payload(r, d, 12);
  return true;
}

bool decode_dccp(Walk& walk, PacketRecord& r, const Datagram& d) {
  if (!walk.have(4)) return fail(walk, Reject::kDccpTruncated, 12);
  set_ports(r, walk.here());
  if (!walk.have(12)) return only_ports(r, d, 12, Reject::kDccpTruncated);
  set_payload(r, d, walk.here()[4] * 4u);
  return true;
}

bool decode_icmp(Walk& walk, PacketRecord& r, const Datagram& d) {
  if (!walk.need(2, Reject::kIcmpTruncated)) return false;
  const uint8_t* p = walk.here();
  set_icmp(r, p[0], p[1]);
  if (!walk.have(8)) {
    set_flag(r, RecordFlag::kNoTransport);
    r.decodeStatus = static_cast<uint16_t>(Reject::kIcmpTruncated);
  }
  set_payload(r, d, 8);
  return true;
}

// The message that answers this type, or -1.
int icmp_counterpart(uint8_t protocol, uint8_t type) {
  if (protocol == kProtoIcmp) {
    switch (type) {
      case 0: return 8;
      case 8: return 0;
      case 9: return 10;
      case 10: return 9;
      case 13: return 14;
      case 14: return 13;
      case 15: return 16;
      case 16: return 15;
      case 17: return 18;
      case 18: return 17;
      default: return -1;
    }
  }
  // The request is even in these pairs: echo, MLD, home agent address discovery.
  if ((type >= 128 && type <= 131) || type == 144 || type == 145) return type ^ 1;
  // And odd in these: router and neighbour solicitation, node information.
  if ((type >= 133 && type <= 136) || type == 139 || type == 140) return ((type - 1) ^ 1) + 1;
  return -1;
}

}  // namespace

bool has_ports(uint8_t protocol) {
  return protocol == kProtoTcp || protocol == kProtoUdp || protocol == kProtoSctp || protocol == kProtoUdpLite || protocol == kProtoDccp;
}

bool is_icmp_error(uint8_t protocol, uint8_t type) {
  if (protocol == kProtoIcmp) return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
  return protocol == kProtoIcmpv6 && type >= 1 && type <= 4;
}

void set_icmp(PacketRecord& r, uint8_t type, uint8_t code) {
  r.icmpType = type;
  r.icmpCode = code;
  r.srcPort = type;
  const int counterpart = icmp_counterpart(r.protocol, type);
  if (counterpart < 0) {
    r.dstPort = code;
    set_flag(r, RecordFlag::kOneWay);
  } else {
    r.dstPort = static_cast<uint16_t>(counterpart);
  }
}

bool decode_transport(Walk& walk, DecodedRecord& out, const Datagram& d) {
  PacketRecord& r = out.record;
  r.l4Off = d.l4 <= 0xffff ? static_cast<uint16_t>(d.l4) : 0;
  switch (d.protocol) {
    case kProtoTcp: return decode_tcp(walk, out, d);
    case kProtoUdp: case kProtoUdpLite: return decode_udp(walk, r, d);
    case kProtoIcmp: case kProtoIcmpv6: return decode_icmp(walk, r, d);
    case kProtoSctp: return decode_sctp(walk, r, d);
    case kProtoDccp: return decode_dccp(walk, r, d);
    default: set_payload(r, d, 0); return true;
  }
}

}  // namespace weir
