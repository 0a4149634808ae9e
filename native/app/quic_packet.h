// The headers of QUIC packets: long header (RFC 8999 section 5.1, RFC 9000 section 17.2) and coalescing, for versions 1 and 2
// (`readLongPackets` of src/app/quic-packet.ts).
#pragma once
#include <cstdint>

#include "bytes.h"
#include "tables/quic_versions.h"

namespace weir {

// RFC 9000 section 17.2.
constexpr size_t kLongestQuicId = 20;

// A variable-length integer (RFC 9000 section 16). 0 bits for what is not there.
uint64_t read_varint(Cursor& cursor);
// A cursor over a length that may be longer than a size_t.
Bytes take_varint(Cursor& cursor);

// Null when it is neither version 1 nor version 2.
const QuicVersion* quic_version(uint32_t number);

bool has_long_header(Bytes datagram);
// The version field of a datagram that begins with a long header.
uint32_t quic_version_of(Bytes datagram);

struct LongPacket {
  size_t start = 0;
  // Behind the packet, where the next one of the datagram begins.
  size_t end = 0;
  QuicPacketType type = QuicPacketType::kInitial;
  Bytes destination_id;
  Bytes source_id;
  // Where the protected packet number begins.
  size_t number_at = 0;
};

struct LongPackets {
  static constexpr size_t kMost = 4;
  LongPacket list[kMost];
  size_t count = 0;
  // A packet of another version, or a Retry: the flow is none of the plain ones.
  bool odd = false;
};

// The long packets of a datagram, all of this version.
void read_long_packets(Bytes datagram, const QuicVersion& version, LongPackets& packets);

// A packet without a long header that may be one of Google's versions before the long header (src/app/quic-google.ts).
bool may_be_google_packet(Bytes datagram);

}  // namespace weir
