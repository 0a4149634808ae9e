// The record layer of SSL 3.0 and TLS (RFC 8446 section 5.1) and the handshake messages in it (section 4), as
// src/app/tls-records.ts reads them.
#pragma once
#include <cstdint>
#include <vector>

#include "bytes.h"
#include "flow_reading.h"

namespace weir {

// Bytes of a side that are looked at at all.
constexpr size_t kHeadLimit = 16'384;

enum class ContentType : uint8_t { kChangeCipherSpec = 20, kAlert = 21, kHandshake = 22, kApplicationData = 23, kHeartbeat = 24 };

struct TlsRecord {
  ContentType type = ContentType::kHeartbeat;
  // In its header.
  size_t length = 0;
  // What is there of it.
  Bytes body;
  bool whole = false;
};

// Walks the records of a side. Of a body of application data parts may be left out.
class RecordReader {
 public:
  enum class Next { kRecord, kNone, kBroken };

  void begin(size_t side, const FlowBytes& flow);
  // Of the first `length` bytes that the side has sent. kNone: the next one is not (wholly) there. `complete`: nothing
  // more comes, and what is there of a record counts.
  Next next(size_t length, bool complete, TlsRecord& out);

  // How many bytes the side has to send for `next` to say something else.
  size_t need(size_t length) const { return at_ + kHeader + body_length(length); }
  // When `next` has said kNone: the record that is not wholly there is application data.
  bool in_data(size_t length) const;
  // Where the body of the next record begins in the head.
  size_t body_at() const { return at_ - skipped_ + kHeader; }

  static constexpr size_t kHeader = 5;

 private:
  Bytes header() const { return head_.part(at_ - skipped_, kHeader); }
  // 0 when the next record's header is not there.
  size_t body_length(size_t length) const;

  Bytes head_;
  const LeftOut* next_left_out_ = nullptr;
  const LeftOut* end_left_out_ = nullptr;
  // Where the next record begins, among all bytes of the side.
  size_t at_ = 0;
  // Of those before, so many were left out.
  size_t skipped_ = 0;
};

struct HandshakeMessage {
  uint32_t type = 0;
  Bytes body;
};

// Puts the handshake messages of one side together. They are views of the records, or of the memory in here: they stay
// valid until `reset`.
class HandshakeBuffer {
 public:
  HandshakeBuffer() : joined_(kHeadLimit) {}

  // False when there are more bytes than a head has.
  bool append(Bytes part);
  bool next(HandshakeMessage& out);
  // The beginning of the message that has not come to its end; false when there is nothing of it.
  bool rest(HandshakeMessage& out) const;
  // What is pending is not of use.
  void clear() { pending_ = {}; }
  void reset() {
    pending_ = {};
    used_ = 0;
  }

 private:
  bool is_joined() const { return pending_.data + pending_.length == joined_.data() + used_ && used_ >= pending_.length; }

  Bytes pending_;
  // Messages that are split over records, one behind the other.
  std::vector<uint8_t> joined_;
  size_t used_ = 0;
};

}  // namespace weir
