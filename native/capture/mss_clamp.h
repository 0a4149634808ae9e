// Lowers the maximum segment size that a SYN or SYN+ACK offers (RFC 9293, 3.7.1), in place. Whoever stands in the path and
// cannot say "packet too big" must not let connections agree on packets that do not fit behind it.
//
// Only the two bytes of the value and the checksum change. Anything odd stays as it is: fragments, lengths that disagree,
// options that do not add up, two values, and segments whose options are signed (AH, TCP-AO).
#pragma once
#include <cstddef>
#include <cstdint>

namespace weir {

// What is in the checksum field of a TCP segment.
enum class TcpChecksum : uint8_t {
  kWritten,       // a checksum: changed by as much as the segment (RFC 1624), so that right stays right, and wrong wrong
  kLeftToSender,  // nothing that counts: whoever sends the packet on computes it, and it is left alone
  kPseudoHeader,  // the sum of the pseudo header, which nobody completes once the packet is changed: completed here
};

struct MssChange {
  uint32_t mss_at = 0;  // 0: nothing was changed
  uint32_t checksum_at = 0;
  // As they were.
  uint8_t mss[2] = {};
  uint8_t checksum[2] = {};

  bool made() const { return mss_at != 0; }
};

// An IP packet, and any other bytes, which stay as they are. No value is raised, none is added.
MssChange clamp_mss(uint8_t* bytes, size_t size, uint16_t most, TcpChecksum checksum);

// The packet as it came.
void undo(uint8_t* bytes, const MssChange& change);

}  // namespace weir
