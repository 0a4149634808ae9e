#include "mss_clamp.h"

#include <cstring>

#include "../base/byte_order.h"
#include "../decode/bytes.h"
#include "../decode/checksum.h"
#include "../decode/protocols.h"

namespace weir {
namespace {

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;
constexpr size_t kTcpHeader = 20;
constexpr size_t kAtFlags = 13;
constexpr size_t kAtChecksum = 16;
constexpr uint8_t kEndOfOptions = 0;
constexpr uint8_t kNoOperation = 1;
constexpr uint8_t kMss = 2;
constexpr uint8_t kMssLength = 4;
// Its signature covers the other options (RFC 5925, 5.1); that of the MD5 option does not (RFC 2385, 2.0).
constexpr uint8_t kAuthentication = 29;
// More than any packet of a working network has.
constexpr int kMaxExtensions = 8;

// Where the TCP segment lies; 0 = there is none that may be changed.
struct Segment {
  size_t at = 0;
  size_t end = 0;
};

Segment segment_of_ipv4(const uint8_t* bytes, size_t size) {
  if (size < kIpv4Header || bytes[9] != kProtoTcp) return {};
  const size_t header = size_t{4} * (bytes[0] & 0x0f);
  const size_t total = be16(bytes + 2);
  const bool fragment = (be16(bytes + 6) & 0x3fff) != 0;
  if (header < kIpv4Header || total > size || fragment) return {};
  return {header, total};
}

// Behind extension headers that neither cut the packet up nor sign it.
Segment segment_of_ipv6(const uint8_t* bytes, size_t size) {
  if (size < kIpv6Header) return {};
  const size_t total = kIpv6Header + be16(bytes + 4);
  if (total > size) return {};
  uint8_t next = bytes[6];
  size_t at = kIpv6Header;
  for (int i = 0; i <= kMaxExtensions; ++i) {
    if (next == kProtoTcp) return {at, total};
    if ((next != kProtoHopByHop && next != kProtoRouting && next != kProtoDestination) || total < at + 8) return {};
    next = bytes[at];
    at += size_t{8} * (bytes[at + 1] + 1);
  }
  return {};
}

Segment segment_of(const uint8_t* bytes, size_t size) {
  if (size == 0) return {};
  const Segment segment = bytes[0] >> 4 == 4 ? segment_of_ipv4(bytes, size) : bytes[0] >> 4 == 6 ? segment_of_ipv6(bytes, size) : Segment{};
  return segment.end < segment.at + kTcpHeader ? Segment{} : segment;
}

// Place of the value in a list of options that is whole, offers one and signs none; else 0.
size_t mss_in(const uint8_t* bytes, size_t at, size_t end) {
  size_t found = 0;
  while (at < end && bytes[at] != kEndOfOptions) {
    if (bytes[at] == kNoOperation) {
      ++at;
      continue;
    }
    if (end - at < 2 || bytes[at + 1] < 2 || bytes[at + 1] > end - at || bytes[at] == kAuthentication) return 0;
    if (bytes[at] == kMss) {
      if (bytes[at + 1] != kMssLength || found != 0) return 0;
      found = at + 2;
    }
    at += bytes[at + 1];
  }
  return found;
}

uint16_t swapped(uint16_t word) { return static_cast<uint16_t>(word << 8 | word >> 8); }

// RFC 1624, equation 3: HC' = ~(~HC + ~m + m').
uint16_t changed_checksum(uint16_t checksum, uint16_t from, uint16_t to) {
  uint32_t sum = uint32_t{static_cast<uint16_t>(~checksum)} + static_cast<uint16_t>(~from) + to;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

}  // namespace

MssChange clamp_mss(uint8_t* bytes, size_t size, uint16_t most, TcpChecksum checksum) {
  const Segment segment = segment_of(bytes, size);
  if (segment.at == 0) return {};
  uint8_t* const tcp = bytes + segment.at;
  if ((tcp[kAtFlags] & (kTcpFin | kTcpSyn | kTcpRst)) != kTcpSyn) return {};
  const size_t header = size_t{4} * (tcp[12] >> 4);
  if (header < kTcpHeader || header > segment.end - segment.at) return {};
  const size_t at = mss_in(bytes, segment.at + kTcpHeader, segment.at + header);
  if (at == 0) return {};
  const uint16_t offered = be16(bytes + at);
  if (offered <= most) return {};

  MssChange change;
  change.mss_at = static_cast<uint32_t>(at);
  change.checksum_at = static_cast<uint32_t>(segment.at + kAtChecksum);
  uint8_t* const field = bytes + change.checksum_at;
  std::memcpy(change.mss, bytes + at, sizeof change.mss);
  std::memcpy(change.checksum, field, sizeof change.checksum);
  store_be16(bytes + at, most);
  if (checksum == TcpChecksum::kWritten) {
    // A value at an odd place is summed with its bytes the other way round.
    const bool odd = (at - segment.at) % 2 != 0;
    store_be16(field, changed_checksum(be16(field), odd ? swapped(offered) : offered, odd ? swapped(most) : most));
  } else if (checksum == TcpChecksum::kPseudoHeader) {
    const uint16_t complete = internet_checksum(tcp, static_cast<uint32_t>(segment.end - segment.at));
    std::memcpy(field, &complete, sizeof complete);
  }
  return change;
}

void undo(uint8_t* bytes, const MssChange& change) {
  if (!change.made()) return;
  std::memcpy(bytes + change.mss_at, change.mss, sizeof change.mss);
  std::memcpy(bytes + change.checksum_at, change.checksum, sizeof change.checksum);
}

}  // namespace weir
