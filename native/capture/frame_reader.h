// Where the frames of a replay come from: something that hands over batches, on the reader's thread.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "../base/result.h"
#include "../decode/decoder.h"

namespace weir {

// Frames of one read. Their bytes stay valid until the next read of the same reader.
struct FrameBatch {
  // 64: enough to hide the cache misses of the next frames' headers, few enough to stay in the first-level cache.
  static constexpr int kSize = 64;
  std::array<Frame, kSize> frames;
  int count = 0;

  Frame& next() { return frames[static_cast<size_t>(count++)]; }
  bool full() const { return count == kSize; }
};

enum class ReadStatus : uint8_t {
  kMore,   // the batch holds what there was (possibly nothing); read again
  kEnd,    // the end of the source; the batch may still hold frames
  kFailed  // failure() says why; the batch holds the frames before it
};

class FrameReader {
 public:
  virtual ~FrameReader() = default;
  // Fills the batch (emptied first). `stream_ns` and `ordinal` are left to the caller.
  virtual ReadStatus read(FrameBatch& batch) = 0;
  virtual const Failure& failure() const = 0;
  // Bytes of the underlying file read so far.
  virtual uint64_t bytes_read() const = 0;
  // True once the file has declared a time resolution finer than a microsecond.
  virtual bool nanoseconds() const { return false; }
  // True when the next read may wait for something outside (a pipe): publish everything before.
  virtual bool may_block() const { return false; }
};

// Gives each interface of each file its number in the records' `source` field.
class SourceRegistrar {
 public:
  virtual ~SourceRegistrar() = default;
  // `interface_index` counts the interfaces of the file from 0, over all its sections.
  virtual uint16_t source_number(uint32_t interface_index, uint16_t link_type, const std::string& name) = 0;
};

}  // namespace weir
