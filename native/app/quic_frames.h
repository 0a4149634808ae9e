// The frames of Initial packets (RFC 9000 sections 12.4 and 19), and the handshake stream that CRYPTO frames make up
// (src/app/quic-frames.ts).
#pragma once
#include <cstdint>
#include <string>

#include "bytes.h"

namespace weir {

// The bytes of one side's handshake, written in any order.
class CryptoStream {
 public:
  // Three times what the longest real ClientHello has.
  static constexpr size_t kLongest = 6144;

  // False when there is no room for them, or for the hole before them.
  bool write(uint64_t offset, Bytes piece);
  // What is there without a hole.
  Bytes start() const { return {reinterpret_cast<const uint8_t*>(bytes_.data()), length_}; }
  // Nothing was ever written.
  bool empty() const { return bytes_.empty(); }
  // Keeps the memory.
  void clear();

 private:
  struct Range {
    uint16_t from;
    uint16_t to;
  };
  static constexpr size_t kMostRanges = 48;

  void join_ranges();

  std::string bytes_;
  size_t length_ = 0;
  // What is there behind a hole, in the order in which it came.
  Range ranges_[kMostRanges];
  size_t range_count_ = 0;
};

// Gives the handshake bytes of a packet's frames to `stream`; false when it does not take them.
bool read_crypto_frames(Bytes payload, CryptoStream& stream);

}  // namespace weir
