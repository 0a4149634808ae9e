// A window on the bytes of a capture file, however they arrive: mapped, read, or decompressed on the way.
//
//        consumed        [cur ........ end)     not yet here
//   ─────────────────────┼────────────┼─────────────────────
//
// Parsers look at [cur, end), move `cur` forward, and call fill() when they need more. fill() may move the bytes: frames
// that point into the window must have been handed over before (FrameBatch).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../base/result.h"
#include "../base/stop_signal.h"

namespace weir {

class ByteWindow {
 public:
  virtual ~ByteWindow() = default;

  size_t available() const { return static_cast<size_t>(end - cur); }
  // Makes at least `bytes` available if the input has them; true when it has. False with !failed(): the input ends before.
  bool ensure(size_t bytes) { return available() >= bytes || fill(bytes); }
  // Moves past `bytes`, however many; false when the input ends before.
  bool skip(uint64_t bytes);

  virtual bool fill(size_t bytes) = 0;
  virtual uint64_t file_bytes_read() const = 0;
  virtual bool may_block() const { return false; }
  // Position of `cur` in the (decompressed) capture.
  virtual uint64_t position() const = 0;

  bool failed() const { return !failure_.code.empty(); }
  const Failure& failure() const { return failure_; }

  const uint8_t* cur = nullptr;
  const uint8_t* end = nullptr;

 protected:
  Failure failure_;
};

// Opens `path` ('-' is standard input), read through gzip or zstd where its first bytes say so. Only blocking reads of pipes look at `stop`.
Result<std::unique_ptr<ByteWindow>> open_byte_window(const std::string& path, const StopSignal* stop);

// A stream of bytes below a window: a descriptor, or a decompressor on one.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Up to `size` bytes; 0 = the end, -1 = failed, see failure().
  virtual long read(uint8_t* into, size_t size) = 0;
  virtual uint64_t file_bytes_read() const = 0;
  virtual bool may_block() const { return false; }
  const Failure& failure() const { return failure_; }

 protected:
  Failure failure_;
};

std::unique_ptr<ByteStream> make_descriptor_stream(int descriptor, const std::string& path, const StopSignal* stop);
std::unique_ptr<ByteStream> make_gzip_stream(std::unique_ptr<ByteStream> compressed, const std::string& path);
std::unique_ptr<ByteStream> make_zstd_stream(std::unique_ptr<ByteStream> compressed, const std::string& path);
// A stream that first gives back bytes that were looked at to tell its format.
std::unique_ptr<ByteStream> make_prefixed_stream(std::vector<uint8_t> prefix, std::unique_ptr<ByteStream> rest);

Failure open_failure(const std::string& path, int error_number);
Failure damaged_compression(const std::string& path, const std::string& what);

}  // namespace weir
