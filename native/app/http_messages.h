// HTTP/1.x messages of one side (RFC 9112), one after the other: the plain case of `MessageReader` in src/app/http-message.ts.
#pragma once
#include <cstdint>

#include "bytes.h"
#include "flow_reading.h"
#include "tables/http.h"

namespace weir {

enum class HttpField : uint8_t { kHost, kUserAgent, kReferer, kServerName, kContentType, kContentEncoding, kDisposition, kAuthorization, kCount };

struct HttpMessage {
  Bytes method;
  // As it stands in the start line, uncut.
  Bytes target;
  // `1.1`
  Bytes version;
  uint32_t status = 0;
  Bytes reason;
  // What stands behind the colon; no data when the field did not come. The first one counts.
  Bytes fields[static_cast<size_t>(HttpField::kCount)];
  uint64_t content_length = 0;
  bool has_length = false;
  bool chunked = false;
  bool upgrade = false;
  // The end of the head was not seen.
  bool partial = false;
  // Where the head ends.
  size_t end = 0;

  bool has(HttpField field) const { return raw(field).data != nullptr; }
  Bytes raw(HttpField field) const { return fields[static_cast<size_t>(field)]; }
  // As a note shows it.
  Bytes text(HttpField field, size_t limit = kHttpFieldLimit) const;
};

// A method that is known, but not CONNECT.
bool is_http_method(Bytes name);

enum class HttpFound : uint8_t {
  kOn,       // nothing, and there is more to read
  kNothing,  // more bytes are needed, or none will come
  kHead,     // a whole head: see `message`; `frame` must be called
  kBody,     // the first bytes of the body: see `body_start`
  kEnd,      // the message is over
  kOdd,
};

enum class HttpFraming : uint8_t { kNone, kLength, kChunked, kUntilClose };

class HttpMessages {
 public:
  // Begins with the first byte of the side's head.
  void begin(size_t side, const FlowBytes& flow);
  HttpFound next();
  void frame(HttpFraming framing, uint64_t length);

  const HttpMessage& message() const { return message_; }
  Bytes body_start() const { return body_start_; }
  // The limit was reached, or a body reaches to it: nothing more will be read.
  bool full() const { return full_; }
  // Of the head of a side that is full: bytes that have been looked at.
  size_t enough() const { return enough_; }
  // That, or the flow has ended.
  bool complete() const { return full_ || ended_; }
  // Between two messages.
  bool idle() const { return state_ == State::kStart; }
  bool at_end() const { return at_ == head_.length; }
  // How long the head must be before something can change, with what was left out.
  size_t need() const;
  // Up to where the rest of a body reaches that is passed over.
  size_t pass() const;

 private:
  enum class State : uint8_t { kStart, kFields, kFrame, kBody, kChunkSize, kChunk, kChunkEnd, kTrailer, kDead };

  HttpFound step();
  HttpFound read_start();
  HttpFound read_fields();
  HttpFound read_body();
  HttpFound read_chunk_size();
  HttpFound head_done(bool partial);
  bool pass_left_out();
  bool is_in_body() const { return state_ == State::kBody || state_ == State::kChunk; }
  bool next_line(Bytes& line);
  bool request_line(Bytes line);
  bool status_line(Bytes line);
  bool read_field(Bytes line);
  bool set_field(Bytes name, Bytes value);
  bool set_length(Bytes digits);
  bool keep(HttpField field, Bytes value);

  size_t side_ = kClient;
  Bytes head_;
  bool full_ = false;
  size_t enough_ = SIZE_MAX;
  bool ended_ = false;
  State state_ = State::kStart;
  size_t at_ = 0;
  // Left out before `at_`, and what is left out behind it.
  size_t skipped_ = 0;
  const LeftOut* next_left_out_ = nullptr;
  const LeftOut* end_left_out_ = nullptr;
  uint64_t left_ = 0;
  bool sniffed_ = false;
  Bytes body_start_;
  HttpMessage message_;
};

}  // namespace weir
