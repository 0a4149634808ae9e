// Two of the streams below a StreamWindow: bytes that were looked at already, and gzip (RFC 1952, several members).
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "decompressing_stream.h"

namespace weir {
namespace {

class PrefixedStream final : public ByteStream {
 public:
  PrefixedStream(std::vector<uint8_t> prefix, std::unique_ptr<ByteStream> rest) : prefix_(std::move(prefix)), rest_(std::move(rest)) {}

  long read(uint8_t* into, size_t size) override {
    if (given_ < prefix_.size()) {
      const size_t part = std::min(size, prefix_.size() - given_);
      std::memcpy(into, prefix_.data() + given_, part);
      given_ += part;
      return static_cast<long>(part);
    }
    const long got = rest_->read(into, size);
    if (got < 0) failure_ = rest_->failure();
    return got;
  }
  uint64_t file_bytes_read() const override { return rest_->file_bytes_read(); }
  bool may_block() const override { return rest_->may_block(); }

 private:
  std::vector<uint8_t> prefix_;
  size_t given_ = 0;
  std::unique_ptr<ByteStream> rest_;
};

class GzipStream final : public DecompressingStream {
 public:
  GzipStream(std::unique_ptr<ByteStream> compressed, std::string path) : DecompressingStream(std::move(compressed), std::move(path)) {
    ready_ = inflateInit2(&inflater_, 15 + 16) == Z_OK;
  }
  ~GzipStream() override {
    if (ready_) inflateEnd(&inflater_);
  }

  long read(uint8_t* into, size_t size) override {
    if (!ready_) return damaged("no memory to decompress");
    const size_t wanted = std::min(size, kCompressedChunk * 4);
    for (;;) {
      if (!have_input() && !refill()) return member_open_ || !failure_.code.empty() ? damaged("the compressed file ends early") : 0;
      if (!member_open_ && !open_member()) return 0;
      inflater_.next_in = chunk_.data() + at_;
      inflater_.avail_in = static_cast<uInt>(filled_ - at_);
      inflater_.next_out = into;
      inflater_.avail_out = static_cast<uInt>(wanted);
      const int status = inflate(&inflater_, Z_NO_FLUSH);
      at_ = filled_ - inflater_.avail_in;
      const size_t produced = wanted - inflater_.avail_out;
      if (status == Z_STREAM_END) member_open_ = false;
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
        if (produced == 0) return damaged("the compressed file is damaged");
      }
      if (produced > 0) return static_cast<long>(produced);
    }
  }

 private:
  // Bytes after a member that do not begin another one are padding, and end the stream (as gzip itself does).
  bool open_member() {
    if (members_ > 0 && chunk_[at_] != 0x1f) return false;
    inflateReset(&inflater_);
    ++members_;
    return member_open_ = true;
  }

  z_stream inflater_{};
  bool ready_ = false;
  bool member_open_ = false;
  uint64_t members_ = 0;
};

}  // namespace

Failure damaged_compression(const std::string& path, const std::string& what) {
  return {"SOURCE_TRUNCATED", path + ": " + what, "everything before the damage was read", path, 0};
}

std::unique_ptr<ByteStream> make_gzip_stream(std::unique_ptr<ByteStream> compressed, const std::string& path) {
  return std::make_unique<GzipStream>(std::move(compressed), path);
}

std::unique_ptr<ByteStream> make_prefixed_stream(std::vector<uint8_t> prefix, std::unique_ptr<ByteStream> rest) {
  return std::make_unique<PrefixedStream>(std::move(prefix), std::move(rest));
}

}  // namespace weir
