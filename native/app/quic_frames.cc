#include "quic_frames.h"

#include "quic_packet.h"

namespace weir {
namespace {

constexpr uint32_t kPadding = 0x00;
constexpr uint32_t kPing = 0x01;
constexpr uint32_t kAck = 0x02;
constexpr uint32_t kAckEcn = 0x03;
constexpr uint32_t kCrypto = 0x06;
// Ranges of an ACK frame; a client's first packets acknowledge a handful.
constexpr uint64_t kAckRanges = 64;

bool skip_ack(Cursor& cursor, bool ecn) {
  read_varint(cursor);  // largest acknowledged
  read_varint(cursor);  // delay
  const uint64_t ranges = read_varint(cursor);
  if (ranges > kAckRanges) return false;
  for (uint64_t i = 0; i < 1 + 2 * ranges + (ecn ? 3 : 0); i++) read_varint(cursor);
  return !cursor.overrun();
}

// True when a frame that carries nothing of interest was skipped.
bool skip_frame(Cursor& cursor, uint32_t type) {
  if (type == kAck || type == kAckEcn) return skip_ack(cursor, type == kAckEcn);
  return type == kPing;
}

// A thousand of them in a client's first packet.
void skip_padding(Cursor& cursor, Bytes payload) {
  size_t at = cursor.at();
  uint64_t eight = 0;
  while (at + sizeof eight <= payload.length) {
    std::memcpy(&eight, payload.data + at, sizeof eight);
    if (eight != 0) break;
    at += sizeof eight;
  }
  while (at < payload.length && payload[at] == kPadding) at++;
  cursor.skip(at - cursor.at());
}

}  // namespace

bool CryptoStream::write(uint64_t offset, Bytes piece) {
  if (offset > kLongest || piece.length > kLongest - offset) return false;
  const size_t from = static_cast<size_t>(offset);
  const size_t to = from + piece.length;
  if (piece.length == 0) return true;
  if (to > bytes_.size()) bytes_.resize(to);
  std::memcpy(&bytes_[from], piece.data, piece.length);
  if (from > length_) {
    if (range_count_ == kMostRanges) return false;
    ranges_[range_count_++] = {static_cast<uint16_t>(from), static_cast<uint16_t>(to)};
    return true;
  }
  length_ = std::max(length_, to);
  join_ranges();
  return true;
}

void CryptoStream::join_ranges() {
  for (size_t i = 0; i < range_count_;) {
    if (ranges_[i].from > length_) {
      i++;
      continue;
    }
    length_ = std::max<size_t>(length_, ranges_[i].to);
    ranges_[i] = ranges_[--range_count_];
    // One that was passed over may begin here.
    i = 0;
  }
}

void CryptoStream::clear() {
  bytes_.clear();
  length_ = 0;
  range_count_ = 0;
}

bool read_crypto_frames(Bytes payload, CryptoStream& stream) {
  Cursor cursor(payload);
  while (cursor.left() > 0) {
    const uint32_t type = cursor.u8();
    if (type == kPadding) {
      skip_padding(cursor, payload);
      continue;
    }
    if (type != kCrypto) {
      if (!skip_frame(cursor, type)) return true;
      continue;
    }
    const uint64_t offset = read_varint(cursor);
    const Bytes piece = take_varint(cursor);
    if (cursor.overrun()) return true;
    if (!stream.write(offset, piece)) return false;
  }
  return true;
}

}  // namespace weir
