#include "http_messages.h"

#include "http_text.h"
#include "note_text.h"

namespace weir {
namespace {

// Names of fields that are compared at all.
constexpr size_t kLongestName = 32;
// How much of a body the risks look at.
constexpr size_t kSniff = 16;
constexpr size_t kVersionLength = 8;
constexpr size_t kLongestChunkLine = 64;
constexpr size_t kMostDigits = 15;
constexpr size_t kMostHexDigits = 8;

bool is_version(Bytes text) {
  return text.length == kVersionLength && starts_with(text, "HTTP/1.") && is_digit(text[kVersionLength - 1]);
}

// Origin, absolute and asterisk form.
bool is_plain_target(Bytes target) {
  if (target.length == 0) return false;
  if (target[0] == '/') return true;
  if (target.length == 1) return target[0] == '*';
  return starts_with(target, "http://") || starts_with(target, "https://");
}

bool is_odd_field(Bytes name) {
  for (const std::string_view odd : kHttpOddFields) {
    if (equals_any_case(name, odd)) return true;
  }
  return false;
}

int hex_digit(uint8_t byte) {
  if (is_digit(byte)) return byte - '0';
  const uint8_t letter = byte | 0x20;
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

}  // namespace

bool is_http_method(Bytes name) {
  for (const std::string_view method : kHttpMethods) {
    if (method == name.text()) return true;
  }
  return false;
}

Bytes HttpMessage::text(HttpField field, size_t limit) const { return trimmed(raw(field)).part(0, limit); }

void HttpMessages::begin(size_t side, const FlowBytes& flow) {
  side_ = side;
  head_ = flow.heads[side].part(0, kHttpHeadLimit);
  next_left_out_ = flow.left_out[side];
  end_left_out_ = next_left_out_ + flow.left_out_count[side];
  ended_ = flow.ended;
  full_ = flow.length(side) >= kHttpHeadLimit;
  enough_ = SIZE_MAX;
  state_ = State::kStart;
  at_ = 0;
  skipped_ = 0;
}

HttpFound HttpMessages::next() {
  for (;;) {
    const HttpFound found = step();
    if (found != HttpFound::kOn) return found;
  }
}

void HttpMessages::frame(HttpFraming framing, uint64_t length) {
  sniffed_ = false;
  left_ = framing == HttpFraming::kUntilClose ? UINT64_MAX : length;
  if (message_.partial) state_ = State::kDead;
  else if (framing == HttpFraming::kNone || (framing == HttpFraming::kLength && length == 0)) state_ = State::kStart;
  else state_ = framing == HttpFraming::kChunked ? State::kChunkSize : State::kBody;
}

size_t HttpMessages::need() const {
  if (complete()) return SIZE_MAX;
  uint64_t need = head_.length + 1;
  if (is_in_body()) need = sniffed_ ? at_ + left_ + 1 : at_ + std::min<uint64_t>(left_, kSniff);
  return static_cast<size_t>(std::min<uint64_t>(skipped_ + need, kHttpHeadLimit));
}

size_t HttpMessages::pass() const {
  if (complete() || !is_in_body() || !sniffed_) return 0;
  return static_cast<size_t>(std::min<uint64_t>(skipped_ + at_ + left_, kHttpHeadLimit));
}

HttpFound HttpMessages::step() {
  Bytes line;
  switch (state_) {
    case State::kStart: return read_start();
    case State::kFields: return read_fields();
    case State::kBody:
    case State::kChunk: return read_body();
    case State::kChunkSize: return read_chunk_size();
    case State::kChunkEnd:
      if (!next_line(line)) return HttpFound::kNothing;
      state_ = State::kChunkSize;
      return line.length == 0 ? HttpFound::kOn : HttpFound::kOdd;
    case State::kTrailer:
      if (!next_line(line)) return HttpFound::kNothing;
      if (line.length > 0) return HttpFound::kOn;
      state_ = State::kStart;
      return HttpFound::kEnd;
    default: return HttpFound::kNothing;
  }
}

// Ended by CRLF or by LF alone.
bool HttpMessages::next_line(Bytes& line) {
  const size_t end = offset_of(head_, '\n', at_);
  if (end == head_.length) return false;
  line = head_.part(at_, end - at_);
  if (line.length > 0 && line[line.length - 1] == '\r') line.length--;
  at_ = end + 1;
  return true;
}

HttpFound HttpMessages::read_start() {
  if (at_end()) return HttpFound::kNothing;
  Bytes line;
  // A start line that was cut off may be told all the same: not here.
  if (!next_line(line)) return complete() ? HttpFound::kOdd : HttpFound::kNothing;
  message_ = HttpMessage();
  if (!(side_ == kClient ? request_line(line) : status_line(line))) return HttpFound::kOdd;
  state_ = State::kFields;
  return HttpFound::kOn;
}

bool HttpMessages::request_line(Bytes line) {
  const size_t space = offset_of(line, ' ');
  if (space + 1 >= line.length) return false;
  message_.method = line.part(0, space);
  const Bytes rest = line.part(space + 1);
  if (rest.length < kVersionLength + 2) return false;
  const size_t last = rest.length - kVersionLength - 1;
  if (rest[last] != ' ' || !is_version(rest.part(last + 1))) return false;
  message_.target = rest.part(0, last);
  message_.version = rest.part(rest.length - 3);
  for (size_t i = 0; i < last; i++) {
    if (rest[i] <= ' ') return false;
  }
  return is_plain_target(message_.target) && is_http_method(message_.method);
}

bool HttpMessages::status_line(Bytes line) {
  constexpr size_t kCode = kVersionLength + 1;
  if (line.length < kCode + 3 || line[kVersionLength] != ' ' || !is_version(line.part(0, kVersionLength))) return false;
  for (size_t i = kCode; i < kCode + 3; i++) {
    if (!is_digit(line[i])) return false;
    message_.status = message_.status * 10 + (line[i] - '0');
  }
  message_.version = line.part(kVersionLength - 3, 3);
  message_.reason = trimmed(line.part(kCode + 3));
  return message_.status >= 100 && (line.length == kCode + 3 || line[kCode + 3] == ' ');
}

HttpFound HttpMessages::read_fields() {
  Bytes line;
  while (next_line(line)) {
    if (line.length == 0) return head_done(false);
    if (!read_field(line)) return HttpFound::kOdd;
  }
  return complete() ? head_done(true) : HttpFound::kNothing;
}

HttpFound HttpMessages::head_done(bool partial) {
  message_.partial = partial;
  message_.end = at_;
  state_ = State::kFrame;
  return HttpFound::kHead;
}

bool HttpMessages::read_field(Bytes line) {
  // The continuation of a field.
  if (is_blank(line[0])) return true;
  const Bytes start = line.part(0, kLongestName + 1);
  const size_t colon = offset_of(start, ':');
  if (colon == start.length) return true;
  if (colon > 0 && is_blank(line[colon - 1])) return false;
  return set_field(line.part(0, colon), line.part(colon + 1));
}

bool HttpMessages::set_field(Bytes name, Bytes value) {
  switch (name.length) {
    case 4:
      if (equals_any_case(name, "host")) return keep(HttpField::kHost, value);
      break;
    case 6:
      if (equals_any_case(name, "server")) return keep(HttpField::kServerName, value);
      break;
    case 7:
      if (equals_any_case(name, "referer")) return keep(HttpField::kReferer, value);
      if (equals_any_case(name, "upgrade")) message_.upgrade = true;
      break;
    case 10:
      if (equals_any_case(name, "user-agent")) return keep(HttpField::kUserAgent, value);
      break;
    case 12:
      if (equals_any_case(name, "content-type")) return keep(HttpField::kContentType, value);
      break;
    case 13:
      if (equals_any_case(name, "authorization")) return keep(HttpField::kAuthorization, value);
      break;
    case 14:
      if (equals_any_case(name, "content-length")) return set_length(trimmed(value));
      break;
    case 16:
      if (equals_any_case(name, "content-encoding")) return keep(HttpField::kContentEncoding, value);
      break;
    case 17:
      if (!equals_any_case(name, "transfer-encoding")) break;
      message_.chunked = true;
      return equals_any_case(trimmed(value), "chunked");
    case 19:
      if (equals_any_case(name, "content-disposition")) return keep(HttpField::kDisposition, value);
      break;
    default: break;
  }
  return !is_odd_field(name);
}

bool HttpMessages::set_length(Bytes digits) {
  if (digits.length == 0 || digits.length > kMostDigits) return false;
  uint64_t length = 0;
  for (size_t i = 0; i < digits.length; i++) {
    if (!is_digit(digits[i])) return false;
    length = length * 10 + (digits[i] - '0');
  }
  if (!message_.has_length) message_.content_length = length;
  message_.has_length = true;
  return true;
}

bool HttpMessages::keep(HttpField field, Bytes value) {
  Bytes& kept = message_.fields[static_cast<size_t>(field)];
  if (kept.data == nullptr) {
    kept = value;
    return true;
  }
  // The bytes of every one of these are a risk or none.
  return (field != HttpField::kHost && field != HttpField::kServerName) || is_plain_text(value);
}

// True when bytes of the body were left out here.
bool HttpMessages::pass_left_out() {
  if (next_left_out_ == end_left_out_ || next_left_out_->at != at_) return false;
  const size_t length = static_cast<size_t>(std::min<uint64_t>(next_left_out_->length, left_));
  skipped_ += length;
  left_ -= length;
  next_left_out_++;
  return true;
}

HttpFound HttpMessages::read_body() {
  const size_t end = next_left_out_ == end_left_out_ ? head_.length : std::clamp(next_left_out_->at, at_, head_.length);
  const size_t available = static_cast<size_t>(std::min<uint64_t>(end - at_, left_));
  if (!sniffed_) {
    if (available < std::min<uint64_t>(kSniff, left_) && !complete()) return HttpFound::kNothing;
    sniffed_ = true;
    body_start_ = head_.part(at_, std::min(available, kSniff));
    if (available > 0) return HttpFound::kBody;
  }
  // The body reaches to the end of the head, however long that gets.
  if (state_ == State::kBody && left_ >= kHttpHeadLimit - skipped_ - at_) {
    full_ = true;
    enough_ = std::min(enough_, at_ + std::min(available, kSniff));
  }
  at_ += available;
  left_ -= available;
  if (left_ > 0 && pass_left_out() && left_ > 0) return HttpFound::kOn;
  if (left_ == 0) {
    const bool is_chunk = state_ == State::kChunk;
    state_ = is_chunk ? State::kChunkEnd : State::kStart;
    return is_chunk ? HttpFound::kOn : HttpFound::kEnd;
  }
  if (complete()) state_ = State::kDead;
  return HttpFound::kNothing;
}

HttpFound HttpMessages::read_chunk_size() {
  Bytes line;
  if (!next_line(line)) return HttpFound::kNothing;
  if (line.length > kLongestChunkLine) return HttpFound::kOdd;
  size_t at = 0;
  left_ = 0;
  for (; at < line.length && at < kMostHexDigits; at++) {
    const int digit = hex_digit(line[at]);
    if (digit < 0) break;
    left_ = left_ << 4 | static_cast<uint64_t>(digit);
  }
  if (at == 0) return HttpFound::kOdd;
  while (at < line.length && line[at] == ' ') at++;
  if (at < line.length && line[at] != ';') return HttpFound::kOdd;
  state_ = left_ == 0 ? State::kTrailer : State::kChunk;
  return HttpFound::kOn;
}

}  // namespace weir
