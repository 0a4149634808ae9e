// libFuzzer target: any bytes, any link type, any options, several frames through one decoder.
//
//   input = options u8, link type u16, then frames: length u16, wire excess u8, seconds u8, bytes
//
// Besides memory errors it looks for broken promises: counts and offsets out of range, frames that are counted twice or
// never, a hash that depends on the direction, and a result that depends on what was in the output before.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../../../native/decode/arp.h"
#include "../../../native/decode/decoder.h"

namespace {

using weir::Decoded;
using weir::Disposition;
using weir::PacketRecord;
using weir::RecordFlag;
using weir::RecordKind;

void require(bool condition) {
  if (!condition) std::abort();
}

bool has(const PacketRecord& r, RecordFlag flag) { return (r.flags & static_cast<uint16_t>(flag)) != 0; }

void check_record(const PacketRecord& r, const weir::Frame& frame) {
  require(r.l3Off <= frame.captured && r.l4Off <= frame.captured && r.l4Off <= 0xffff);
  require(r.wireLen == frame.wire && r.capLen == frame.captured && r.sackCount <= weir::kMaxSack);
  require(r.layer <= 8 && r.vlanDepth <= 9 && r.linkType == frame.link_type);
  require((r.hashLo | r.hashHi) != 0);
  if (!has(r, RecordFlag::kIpv6)) {
    for (int i = 4; i < 16; ++i) require(r.srcAddr[i] == 0 && r.dstAddr[i] == 0);
  }
  require(!has(r, RecordFlag::kFragmentLater) || has(r, RecordFlag::kFragment));
  require(!has(r, RecordFlag::kTunneled) || r.layer > 0);
}

// A frame that is no flow has a record only when it is an ARP message, which was captured whole.
void check_arp(const Decoded& out, const weir::Frame& frame) {
  require(out.count == 0 || (out.count == 1 && out.not_flow == weir::NotFlow::kArp));
  if (out.count == 0) return;
  const PacketRecord& r = out.records[0].record;
  require(r.kind == static_cast<uint8_t>(RecordKind::kArp) && (r.icmpType == 1 || r.icmpType == 2));
  require(r.l3Off + weir::kArpBytes <= frame.captured && r.sackCount == 0 && r.wireLen == frame.wire);
}

void check_records(const Decoded& out, const weir::Frame& frame) {
  require(out.count >= 0 && out.count <= weir::kMaxRecords);
  if (out.disposition == Disposition::kRejected) require(out.reason != weir::Reject::kNone && out.count == 0);
  if (out.disposition == Disposition::kNotFlow) check_arp(out, frame);
  if (out.disposition != Disposition::kFlow && out.disposition != Disposition::kHeld) return;
  require(out.count >= 1 && out.records[0].record.kind == static_cast<uint8_t>(RecordKind::kPacket));
  const bool held = out.disposition == Disposition::kHeld;
  for (int i = held ? 1 : 0; i < out.count; ++i) check_record(out.records[i].record, frame);
  for (int i = 1; i < out.count; ++i) {
    const uint8_t kind = out.records[i].record.kind;
    const bool quoted_last = kind == static_cast<uint8_t>(RecordKind::kIcmpInner) && i == out.count - 1;
    require(kind == static_cast<uint8_t>(RecordKind::kOuter) || quoted_last);
  }
}

// For plain IPv4 TCP on Ethernet: the frame with its endpoints swapped is the other direction of the same flow.
void check_symmetry(weir::Decoder& decoder, weir::Frame frame, const PacketRecord& r, Decoded& other) {
  if (frame.link_type != 1 || r.protocol != 6 || r.l3Off != 14 || r.l4Off == 0 || r.layer != 0 || frame.bytes[14] != 0x45) return;
  const auto copy = std::make_unique<uint8_t[]>(frame.captured);
  std::memcpy(copy.get(), frame.bytes, frame.captured);
  std::memcpy(copy.get() + 26, frame.bytes + 30, 4);
  std::memcpy(copy.get() + 30, frame.bytes + 26, 4);
  std::memcpy(copy.get() + 34, frame.bytes + 36, 2);
  std::memcpy(copy.get() + 36, frame.bytes + 34, 2);
  frame.bytes = copy.get();
  decoder.decode(frame, other);
  const PacketRecord& s = other.records[0].record;
  require(other.disposition == Disposition::kFlow && s.hashLo == r.hashLo && s.hashHi == r.hashHi);
  const bool same = std::memcmp(r.srcAddr, r.dstAddr, 16) == 0 && r.srcPort == r.dstPort;
  require(same ? has(s, RecordFlag::kFromA) && has(r, RecordFlag::kFromA) : has(s, RecordFlag::kFromA) != has(r, RecordFlag::kFromA));
}

struct Ledger {
  uint64_t held = 0;
  uint64_t ended = 0;

  void take(const Decoded& out) {
    held += out.disposition == Disposition::kHeld;
    ended += out.released.size() + out.lost.size();
    require(ended <= held);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  if (size < 3) return 0;
  weir::DecodeOptions options;
  options.tunnels = (input[0] & 1) == 0;
  options.vlan_aware = (input[0] & 2) != 0;
  options.verify_checksums = (input[0] & 4) != 0;
  options.arp = (input[0] & 16) == 0;
  options.hash_key[0] = 1;
  weir::Frame frame = {};
  frame.link_type = static_cast<uint16_t>(input[1] | input[2] << 8);
  frame.stripped_vlan = (input[0] & 8) != 0 ? 0x81000005u : weir::kNoStrippedVlan;
  weir::Decoder decoder(options);
  static Decoded& out = *new Decoded();
  static Decoded& swapped = *new Decoded();
  out.released.clear();
  out.lost.clear();
  Ledger ledger;
  size_t at = 3;
  while (size - at >= 4) {
    const size_t length = static_cast<size_t>(input[at] | input[at + 1] << 8);
    const uint32_t excess = input[at + 2];
    frame.stream_ns += input[at + 3] * 1e9;
    frame.ordinal += 1;
    at += 4;
    const size_t captured = length < size - at ? length : size - at;
    const auto copy = std::make_unique<uint8_t[]>(captured);
    std::memcpy(copy.get(), input + at, captured);
    at += captured;
    frame.bytes = copy.get();
    frame.captured = static_cast<uint32_t>(captured);
    frame.wire = frame.captured + excess * excess;
    // What is left in the output from before must not show.
    std::memset(static_cast<void*>(out.records), 0xa5, sizeof out.records);
    decoder.decode(frame, out);
    ledger.take(out);
    check_records(out, frame);
    if (out.disposition == Disposition::kFlow && !has(out.records[0].record, RecordFlag::kFragment)) {
      check_symmetry(decoder, frame, out.records[0].record, swapped);
    }
  }
  decoder.flush(out);
  out.disposition = Disposition::kFlow;
  ledger.take(out);
  require(ledger.held == ledger.ended);
  return 0;
}
