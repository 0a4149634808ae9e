#include "tls_records.h"

#include <algorithm>

namespace weir {
namespace {

constexpr size_t kHandshakeHeader = 4;
// 2^14 bytes of content and the 2,048 that TLS 1.2 and older allow a cipher to add.
constexpr size_t kRecordLimit = 16'384 + 2048;
// An alert in clear; one under a cipher has MAC, padding and IV besides.
constexpr size_t kShortestAlert = 2;
constexpr size_t kLongestAlert = 320;

size_t record_length(Bytes header) { return static_cast<size_t>(header[3] << 8 | header[4]); }

// Whether its 5 bytes can be a record's header.
bool is_record_header(Bytes header) {
  const size_t length = record_length(header);
  if (header[0] < static_cast<uint8_t>(ContentType::kChangeCipherSpec) || header[0] > static_cast<uint8_t>(ContentType::kHeartbeat)) return false;
  if (header[1] != 3 || header[2] > 4 || length > kRecordLimit) return false;
  const auto type = static_cast<ContentType>(header[0]);
  if (type == ContentType::kChangeCipherSpec) return length == 1;
  if (type == ContentType::kAlert) return length >= kShortestAlert && length <= kLongestAlert;
  return length > 0;
}

size_t message_length(Bytes header) { return static_cast<size_t>(header[1] << 16 | header[2] << 8 | header[3]); }

}  // namespace

void RecordReader::begin(size_t side, const FlowBytes& flow) {
  head_ = flow.heads[side];
  next_left_out_ = flow.left_out[side];
  end_left_out_ = next_left_out_ + flow.left_out_count[side];
  at_ = 0;
  skipped_ = 0;
}

RecordReader::Next RecordReader::next(size_t length, bool complete, TlsRecord& out) {
  if (length - at_ < kHeader) return Next::kNone;
  const Bytes first = header();
  if (first.length < kHeader || !is_record_header(first)) return Next::kBroken;
  out.type = static_cast<ContentType>(first[0]);
  out.length = record_length(first);
  const size_t there = std::min(out.length, length - at_ - kHeader);
  out.whole = there == out.length;
  if (!out.whole && !complete) return Next::kNone;
  size_t left_out = 0;
  if (next_left_out_ != end_left_out_ && next_left_out_->at + skipped_ < at_ + kHeader + out.length) {
    left_out = std::min(next_left_out_->length, there);
    next_left_out_++;
  }
  out.body = head_.part(body_at(), there - left_out);
  at_ += kHeader + there;
  skipped_ += left_out;
  return Next::kRecord;
}

size_t RecordReader::body_length(size_t length) const {
  const Bytes first = header();
  return length - at_ < kHeader || first.length < kHeader ? 0 : record_length(first);
}

bool RecordReader::in_data(size_t length) const {
  return body_length(length) > 0 && header()[0] == static_cast<uint8_t>(ContentType::kApplicationData);
}

bool HandshakeBuffer::append(Bytes part) {
  if (pending_.length == 0) {
    // Nearly always whole messages: nothing need be copied.
    pending_ = part;
    return true;
  }
  const size_t moved = is_joined() ? 0 : pending_.length;
  if (joined_.size() - used_ < moved + part.length) return false;
  const size_t start = is_joined() ? used_ - pending_.length : used_;
  std::copy_n(pending_.data, moved, joined_.data() + used_);
  std::copy_n(part.data, part.length, joined_.data() + used_ + moved);
  used_ += moved + part.length;
  pending_ = {joined_.data() + start, used_ - start};
  return true;
}

bool HandshakeBuffer::next(HandshakeMessage& out) {
  if (pending_.length < kHandshakeHeader) return false;
  const size_t length = message_length(pending_);
  if (pending_.length - kHandshakeHeader < length) return false;
  out = {pending_[0], pending_.part(kHandshakeHeader, length)};
  pending_ = pending_.part(kHandshakeHeader + length);
  return true;
}

bool HandshakeBuffer::rest(HandshakeMessage& out) const {
  if (pending_.length <= kHandshakeHeader) return false;
  out = {pending_[0], pending_.part(kHandshakeHeader)};
  return true;
}

}  // namespace weir
