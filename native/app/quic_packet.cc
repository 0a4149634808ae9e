#include "quic_packet.h"

namespace weir {
namespace {

constexpr uint32_t kLongForm = 0x80;
// The shortest body that can be sampled and has a tag (RFC 9001 section 5.4.2).
constexpr uint64_t kShortestBody = 20;
// Google's public flags: a version and a connection id of 8 bytes are there, and nothing that a client never sends.
constexpr uint8_t kGoogleMask = 0xc0 | 0x02 | 0x01 | 0x08;
constexpr uint8_t kGoogleFlags = 0x01 | 0x08;
constexpr size_t kShortestGooglePacket = 24;

enum class Step { kPacket, kEnd, kOdd };

void skip_varint(Cursor& cursor) {
  const uint64_t count = read_varint(cursor);
  cursor.skip(count > SIZE_MAX ? SIZE_MAX : static_cast<size_t>(count));
}

// The long packet at `start`; kEnd when there is none of this version.
Step read_long_packet(Bytes datagram, size_t start, const QuicVersion& version, LongPacket& packet) {
  Cursor cursor(datagram.part(start));
  const uint32_t first = cursor.u8();
  const uint32_t number = cursor.u32();
  if ((first & kLongForm) == 0 || cursor.overrun()) return Step::kEnd;
  if (number != version.number) return Step::kOdd;
  packet.start = start;
  packet.type = version.types[first >> 4 & 3];
  packet.destination_id = cursor.take(cursor.u8());
  packet.source_id = cursor.take(cursor.u8());
  if (cursor.overrun() || packet.destination_id.length > kLongestQuicId || packet.source_id.length > kLongestQuicId) return Step::kEnd;
  if (packet.type == QuicPacketType::kRetry) return Step::kOdd;
  if (packet.type == QuicPacketType::kInitial) skip_varint(cursor);
  const uint64_t body = read_varint(cursor);
  if (cursor.overrun() || body < kShortestBody || body > cursor.left()) return Step::kEnd;
  packet.number_at = start + cursor.at();
  packet.end = packet.number_at + static_cast<size_t>(body);
  return Step::kPacket;
}

}  // namespace

uint64_t read_varint(Cursor& cursor) {
  const uint32_t first = cursor.u8();
  uint64_t value = first & 0x3f;
  for (int more = (1 << (first >> 6)) - 1; more > 0; more--) value = value << 8 | cursor.u8();
  return value;
}

Bytes take_varint(Cursor& cursor) {
  const uint64_t count = read_varint(cursor);
  return cursor.take(count > SIZE_MAX ? SIZE_MAX : static_cast<size_t>(count));
}

const QuicVersion* quic_version(uint32_t number) {
  for (const QuicVersion& version : kQuicVersions) {
    if (version.number == number) return &version;
  }
  return nullptr;
}

bool has_long_header(Bytes datagram) { return datagram.length >= 7 && (datagram[0] & kLongForm) != 0; }

uint32_t quic_version_of(Bytes datagram) {
  Cursor cursor(datagram.part(1));
  return cursor.u32();
}

void read_long_packets(Bytes datagram, const QuicVersion& version, LongPackets& packets) {
  packets.count = 0;
  packets.odd = false;
  size_t at = 0;
  while (at < datagram.length && packets.count < LongPackets::kMost) {
    LongPacket& packet = packets.list[packets.count];
    const Step step = read_long_packet(datagram, at, version, packet);
    if (step == Step::kOdd) packets.odd = true;
    if (step != Step::kPacket) return;
    // RFC 9000 section 12.2: all packets of a datagram have the same destination id.
    if (packets.count > 0 && !(packet.destination_id == packets.list[0].destination_id)) return;
    packets.count++;
    at = packet.end;
  }
}

bool may_be_google_packet(Bytes datagram) {
  return datagram.length >= kShortestGooglePacket && (datagram[0] & kGoogleMask) == kGoogleFlags && datagram[9] == 'Q' && datagram[10] == '0';
}

}  // namespace weir
