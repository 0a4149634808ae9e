// What decompressors of capture files share: the compressed bytes in hand.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "byte_window.h"

namespace weir {

constexpr size_t kCompressedChunk = 128 * 1024;

class DecompressingStream : public ByteStream {
 public:
  DecompressingStream(std::unique_ptr<ByteStream> compressed, std::string path)
      : path_(std::move(path)), compressed_(std::move(compressed)), chunk_(kCompressedChunk) {}
  uint64_t file_bytes_read() const override { return compressed_->file_bytes_read(); }
  bool may_block() const override { return compressed_->may_block(); }

 protected:
  bool have_input() const { return at_ < filled_; }
  // False at the end of the compressed bytes, or when they cannot be read (then failure() is set).
  bool refill() {
    const long got = compressed_->read(chunk_.data(), chunk_.size());
    at_ = 0;
    filled_ = got > 0 ? static_cast<size_t>(got) : 0;
    if (got < 0) failure_ = compressed_->failure();
    return got > 0;
  }
  long damaged(const std::string& what) {
    if (failure_.code.empty()) failure_ = damaged_compression(path_, what);
    return -1;
  }

  std::string path_;
  std::unique_ptr<ByteStream> compressed_;
  std::vector<uint8_t> chunk_;
  size_t at_ = 0;
  size_t filled_ = 0;
};

}  // namespace weir
