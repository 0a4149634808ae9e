// No zstd: the toolchain that makes the Windows addon has no libzstd.
#include <utility>

#include "byte_window.h"

namespace weir {
namespace {

class UnreadableStream final : public ByteStream {
 public:
  UnreadableStream(std::unique_ptr<ByteStream> compressed, const std::string& path) : compressed_(std::move(compressed)) {
    failure_ = {"SOURCE_FORMAT", path + " is compressed by zstd, which this build cannot read", "unpack it first: zstd -d", path, 0};
  }
  long read(uint8_t*, size_t) override { return -1; }
  uint64_t file_bytes_read() const override { return compressed_->file_bytes_read(); }

 private:
  std::unique_ptr<ByteStream> compressed_;
};

}  // namespace

std::unique_ptr<ByteStream> make_zstd_stream(std::unique_ptr<ByteStream> compressed, const std::string& path) {
  return std::make_unique<UnreadableStream>(std::move(compressed), path);
}

}  // namespace weir
