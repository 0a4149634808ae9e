// TCP options: RFC 9293 (MSS), 7323 (window scale, timestamps), 2018 (SACK), 8684 (MPTCP), 7413 (fast open).
#include "transport.h"

namespace weir {
namespace {

constexpr uint8_t bit(TcpOption option) { return static_cast<uint8_t>(option); }

enum OptionKind : uint8_t {
  kEnd = 0,
  kNop = 1,
  kMssKind = 2,
  kWscaleKind = 3,
  kSackPermittedKind = 4,
  kSackKind = 5,
  kTimestampsKind = 8,
  kMptcpKind = 30,
  kFastOpenKind = 34,
  kExperiment = 254,
};

void decode_sack(const uint8_t* p, uint8_t length, DecodedRecord& out) {
  PacketRecord& r = out.record;
  if ((length - 2) % 8 != 0 || length == 2) {
    r.optBits |= bit(TcpOption::kMalformed);
    return;
  }
  r.optBits |= bit(TcpOption::kSack);
  for (uint8_t at = 2; at + 8 <= length && r.sackCount < kMaxSack; at = static_cast<uint8_t>(at + 8)) {
    out.sack[r.sackCount++] = {be32(p + at), be32(p + at + 4)};
  }
}

// `length` includes kind and length byte and is all there.
void decode_option(const uint8_t* p, uint8_t length, DecodedRecord& out) {
  PacketRecord& r = out.record;
  bool right_length = true;
  switch (p[0]) {
    case kMssKind:
      if ((right_length = length == 4)) {
        r.mss = be16(p + 2);
        r.optBits |= bit(TcpOption::kMss);
      }
      break;
    case kWscaleKind:
      if ((right_length = length == 3)) {
        r.wscale = p[2];
        r.optBits |= bit(TcpOption::kWscale);
      }
      break;
    case kSackPermittedKind:
      if ((right_length = length == 2)) r.optBits |= bit(TcpOption::kSackPermitted);
      break;
    case kSackKind: decode_sack(p, length, out); break;
    case kTimestampsKind:
      if ((right_length = length == 10)) {
        r.tsVal = be32(p + 2);
        r.tsEcr = be32(p + 6);
        r.optBits |= bit(TcpOption::kTimestamps);
      }
      break;
    case kMptcpKind: r.optBits |= bit(TcpOption::kMptcp); break;
    case kFastOpenKind: r.optBits |= bit(TcpOption::kFastOpen); break;
    case kExperiment:
      if (length >= 4 && be16(p + 2) == 0xf989) r.optBits |= bit(TcpOption::kFastOpen);
      break;
    default: break;
  }
  if (!right_length) r.optBits |= bit(TcpOption::kMalformed);
}

}  // namespace

void decode_tcp_options(const uint8_t* p, uint32_t length, uint32_t captured, DecodedRecord& out) {
  // At most 40 bytes, so at most 40 options: the list needs no other bound.
  uint32_t at = 0;
  while (at < captured) {
    if (p[at] == kEnd) return;
    if (p[at] == kNop) {
      ++at;
      continue;
    }
    const bool sized = captured - at >= 2;
    if (length - at < 2 || (sized && (p[at + 1] < 2 || p[at + 1] > length - at))) {
      out.record.optBits |= bit(TcpOption::kMalformed);
      return;
    }
    if (!sized || p[at + 1] > captured - at) return;  // cut by the snaplen, not wrong
    decode_option(p + at, p[at + 1], out);
    at += p[at + 1];
  }
}

}  // namespace weir
