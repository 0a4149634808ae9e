// The path of nearly every frame: Ethernet, IPv4 without options or fragments, TCP or UDP, nothing cut in the headers.
// All conditions are tested before anything is written; whatever does not meet them takes decode_layers(), which gives the
// same record for these frames too (a test compares the two).
#include <cstring>

#include "checksum.h"
#include "decoder.h"
#include "flow_hash.h"
#include "protocols.h"
#include "record_frame.h"
#include "transport.h"
#include "tunnel.h"

namespace weir {
namespace {

constexpr uint32_t kIp = 14;
constexpr uint32_t kTransport = kIp + 20;
constexpr uint16_t flag(RecordFlag f) { return static_cast<uint16_t>(f); }

// Length of the transport header when the whole frame is of the plain kind, else 0.
uint32_t plain_header(const Frame& f, const DecodeOptions& options) {
  if (f.link_type != 1 || f.captured < kTransport + 8 || f.wire < f.captured) return 0;
  const uint8_t* p = f.bytes;
  if (p[12] != 0x08 || p[13] != 0x00 || p[14] != 0x45 || (be16(p + kIp + 6) & 0x3fff) != 0) return 0;
  if (f.stripped_vlan != kNoStrippedVlan || (p[1] == 0x00 && p[2] == 0x0c && p[3] == 0x00)) return 0;
  const uint32_t total = be16(p + kIp + 2);
  if (kIp + total > f.wire) return 0;
  const uint8_t protocol = p[kIp + 9];
  if (protocol == kProtoTcp) {
    if (f.captured < kTransport + 20) return 0;
    const uint32_t header = (p[kTransport + 12] >> 4) * 4u;
    return header >= 20 && total >= 20 + header && f.captured >= kTransport + header ? header : 0;
  }
  if (protocol != kProtoUdp || total < 28) return 0;
  const uint16_t source = be16(p + kTransport);
  const uint16_t destination = be16(p + kTransport + 2);
  if (options.tunnels && (may_be_tunnel_port(source) || may_be_tunnel_port(destination)) &&
      (is_tunnel_port(source) || is_tunnel_port(destination))) {
    return 0;
  }
  const uint32_t length = be16(p + kTransport + 4);
  return length >= 8 && length + 20 <= total ? 8 : 0;
}

}  // namespace

bool Decoder::decode_plain(const Frame& f, Decoded& out) {
  const uint32_t header = plain_header(f, options_);
  if (header == 0 || options_.verify_checksums) return false;
  const uint8_t* p = f.bytes;
  DecodedRecord& slot = out.records[0];
  PacketRecord& r = slot.record;
  record_frame(f, r);
  std::memcpy(r.dstMac, p, 6);
  std::memcpy(r.srcMac, p + 6, 6);
  r.tos = p[kIp + 1];
  const uint32_t total = be16(p + kIp + 2);
  r.ipLen = total;
  r.ipId = be16(p + kIp + 4);
  r.ttl = p[kIp + 8];
  r.protocol = p[kIp + 9];
  std::memcpy(r.srcAddr, p + kIp + 12, 4);
  std::memcpy(r.dstAddr, p + kIp + 16, 4);
  r.l3Off = kIp;
  r.l4Off = kTransport;
  r.payloadOff = static_cast<uint16_t>(kTransport + header);
  r.srcPort = be16(p + kTransport);
  r.dstPort = be16(p + kTransport + 2);
  r.flags |= flag(RecordFlag::kHasPorts);
  if (internet_checksum(p + kIp, 20) != 0) r.flags |= flag(RecordFlag::kBadIpChecksum);
  if (r.protocol == kProtoTcp) {
    r.payloadLen = total - 20 - header;
    r.seq = be32(p + kTransport + 4);
    r.ack = be32(p + kTransport + 8);
    r.tcpFlags = p[kTransport + 13];
    r.window = be16(p + kTransport + 14);
    if (header > 20) decode_tcp_options(p + kTransport + 20, header - 20, header - 20, slot);
  } else {
    r.payloadLen = be16(p + kTransport + 4) - 8u;
  }
  hash_->finish(r, false);
  out.disposition = Disposition::kFlow;
  out.reason = Reject::kNone;
  out.needed = out.available = 0;
  out.network_decoded = out.transport_decoded = true;
  out.count = 1;
  return true;
}

}  // namespace weir
