#include "byte_window.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../base/files.h"

namespace weir {
namespace {

// Plain files are read, not mapped: measured the same or faster (5 M IMIX frames: 1.18-1.27 s against 1.22-1.32 s), because
// the bytes stay in the second-level cache, and a file that shrinks meanwhile ends the run instead of the process.
constexpr size_t kInitialBuffer = 512 * 1024;

class StreamWindow final : public ByteWindow {
 public:
  explicit StreamWindow(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)), buffer_(kInitialBuffer) {
    cur = end = buffer_.data();
  }
  bool fill(size_t bytes) override;
  uint64_t file_bytes_read() const override { return stream_->file_bytes_read(); }
  bool may_block() const override { return stream_->may_block(); }
  uint64_t position() const override { return dropped_ + static_cast<uint64_t>(cur - buffer_.data()); }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::vector<uint8_t> buffer_;
  uint64_t dropped_ = 0;
  bool ended_ = false;
};

bool StreamWindow::fill(size_t bytes) {
  const size_t kept = available();
  dropped_ += static_cast<uint64_t>(cur - buffer_.data());
  std::memmove(buffer_.data(), cur, kept);
  if (buffer_.size() < bytes) buffer_.resize(std::max(bytes, buffer_.size() * 2));
  size_t filled = kept;
  while (filled < bytes && !ended_) {
    const long got = stream_->read(buffer_.data() + filled, buffer_.size() - filled);
    if (got < 0) failure_ = stream_->failure();
    if (got <= 0) ended_ = true;
    if (got > 0) filled += static_cast<size_t>(got);
  }
  cur = buffer_.data();
  end = cur + filled;
  return filled >= bytes;
}

std::unique_ptr<ByteWindow> window_on_stream(std::unique_ptr<ByteStream> stream, const std::string& path) {
  std::vector<uint8_t> magic(4);
  size_t have = 0;
  while (have < magic.size()) {
    const long got = stream->read(magic.data() + have, magic.size() - have);
    if (got <= 0) break;
    have += static_cast<size_t>(got);
  }
  magic.resize(have);
  const bool gzip = have >= 2 && magic[0] == 0x1f && magic[1] == 0x8b;
  const bool zstd = have == 4 && ((magic[0] == 0x28 && magic[1] == 0xb5 && magic[2] == 0x2f && magic[3] == 0xfd) ||
                                  ((magic[0] & 0xf0) == 0x50 && magic[1] == 0x2a && magic[2] == 0x4d && magic[3] == 0x18));
  stream = make_prefixed_stream(std::move(magic), std::move(stream));
  if (gzip) stream = make_gzip_stream(std::move(stream), path);
  if (zstd) stream = make_zstd_stream(std::move(stream), path);
  return std::make_unique<StreamWindow>(std::move(stream));
}

}  // namespace

bool ByteWindow::skip(uint64_t bytes) {
  while (bytes > available()) {
    bytes -= available();
    cur = end;
    if (!fill(1)) return false;
  }
  cur += bytes;
  return true;
}

Failure open_failure(const std::string& path, int error_number) {
  Failure failure{"SOURCE_OPEN", "cannot open " + path + ": " + std::strerror(error_number), "", path, error_number};
  if (error_number == ENOENT || error_number == ENOTDIR) {
    failure.code = "SOURCE_NOT_FOUND";
    failure.message = "no such file: " + path;
  } else if (error_number == EACCES || error_number == EPERM) {
    failure.code = "SOURCE_PERMISSION";
    failure.message = "no permission to read " + path;
    failure.hint = "make the file readable for this user";
  } else if (error_number == EISDIR) {
    failure.message = path + " is a directory, not a capture file";
    failure.hint = "name the capture files in it";
  }
  return failure;
}

Result<std::unique_ptr<ByteWindow>> open_byte_window(const std::string& path, const StopSignal* stop) {
  const int descriptor = open_input(path);
  if (descriptor < 0) return open_failure(path, errno);
  FileFacts facts{FileKind::kStream, 0};
  const bool known = facts_of(descriptor, facts);
  if (!known || facts.kind == FileKind::kFolder) {
    const int error_number = known ? EISDIR : errno;
    close_file(descriptor);
    return open_failure(path, error_number);
  }
  return window_on_stream(make_descriptor_stream(descriptor, path, stop), path);
}

}  // namespace weir
