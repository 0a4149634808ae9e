// The streams below a StreamWindow: descriptors, gzip (RFC 1952, several members), zstd (RFC 8878, several frames).
#include <poll.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "byte_window.h"

namespace weir {
namespace {

constexpr size_t kCompressedChunk = 128 * 1024;

class DescriptorStream final : public ByteStream {
 public:
  DescriptorStream(int descriptor, std::string path, const StopSignal* stop)
      : descriptor_(descriptor), path_(std::move(path)), stop_(stop) {}
  ~DescriptorStream() override { close(descriptor_); }

  long read(uint8_t* into, size_t size) override {
    for (;;) {
      if (!wait_readable()) return 0;
      const ssize_t got = ::read(descriptor_, into, size);
      if (got >= 0) {
        bytes_ += static_cast<uint64_t>(got);
        return got;
      }
      if (errno == EINTR || errno == EAGAIN) continue;
      failure_ = {"SOURCE_READ", "cannot read " + path_ + ": " + std::strerror(errno), "", path_, errno};
      return -1;
    }
  }
  uint64_t file_bytes_read() const override { return bytes_; }
  bool may_block() const override { return true; }

 private:
  // False when the run should stop: the stream then ends where it is.
  bool wait_readable() {
    pollfd waits[2] = {{descriptor_, POLLIN, 0}, {stop_ == nullptr ? -1 : stop_->descriptor(), POLLIN, 0}};
    while (poll(waits, 2, -1) < 0) {
      if (errno != EINTR) return true;
    }
    return waits[1].revents == 0;
  }

  int descriptor_;
  std::string path_;
  const StopSignal* stop_;
  uint64_t bytes_ = 0;
};

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

// What both decompressors share: the compressed bytes in hand.
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

class ZstdStream final : public DecompressingStream {
 public:
  ZstdStream(std::unique_ptr<ByteStream> compressed, std::string path)
      : DecompressingStream(std::move(compressed), std::move(path)), decoder_(ZSTD_createDStream()) {}
  ~ZstdStream() override { ZSTD_freeDStream(decoder_); }

  long read(uint8_t* into, size_t size) override {
    if (decoder_ == nullptr) return damaged("no memory to decompress");
    ZSTD_outBuffer out{into, size, 0};
    for (;;) {
      // A full output buffer may have left decoded bytes inside: try without input first.
      if (!have_input() && !drained_) {
        if (!decode(out)) return -1;
        drained_ = out.pos < out.size;
        if (out.pos > 0) return static_cast<long>(out.pos);
      }
      if (!have_input() && !refill()) return frame_open_ || !failure_.code.empty() ? damaged("the compressed file ends early") : 0;
      if (!decode(out)) return -1;
      drained_ = out.pos < out.size;
      if (out.pos > 0) return static_cast<long>(out.pos);
    }
  }

 private:
  bool decode(ZSTD_outBuffer& out) {
    ZSTD_inBuffer in{chunk_.data(), filled_, at_};
    const size_t status = ZSTD_decompressStream(decoder_, &out, &in);
    at_ = in.pos;
    if (ZSTD_isError(status) != 0) {
      damaged(std::string("the compressed file is damaged: ") + ZSTD_getErrorName(status));
      return false;
    }
    frame_open_ = status != 0;
    return true;
  }

  ZSTD_DStream* decoder_;
  bool frame_open_ = false;
  bool drained_ = true;
};

}  // namespace

Failure damaged_compression(const std::string& path, const std::string& what) {
  return {"SOURCE_TRUNCATED", path + ": " + what, "everything before the damage was read", path, 0};
}

std::unique_ptr<ByteStream> make_descriptor_stream(int descriptor, const std::string& path, const StopSignal* stop) {
  return std::make_unique<DescriptorStream>(descriptor, path, stop);
}

std::unique_ptr<ByteStream> make_gzip_stream(std::unique_ptr<ByteStream> compressed, const std::string& path) {
  return std::make_unique<GzipStream>(std::move(compressed), path);
}

std::unique_ptr<ByteStream> make_zstd_stream(std::unique_ptr<ByteStream> compressed, const std::string& path) {
  return std::make_unique<ZstdStream>(std::move(compressed), path);
}

std::unique_ptr<ByteStream> make_prefixed_stream(std::vector<uint8_t> prefix, std::unique_ptr<ByteStream> rest) {
  return std::make_unique<PrefixedStream>(std::move(prefix), std::move(rest));
}

}  // namespace weir
