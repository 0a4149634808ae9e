#include "byte_window.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace weir {
namespace {

constexpr size_t kInitialBuffer = 512 * 1024;
// Large against the cost of mapping (measured: no difference to one mapping of the whole file), small as memory.
constexpr uint64_t kMappedPiece = 16ull << 20;

// A plain file, mapped piece by piece: the pieces that have been read do not stay in this process's memory. Each piece is
// checked against the size of the file as it is then, because touching a page behind the end of a file is fatal; a file
// that shrinks while a piece of it is being read still is.
class MappedWindow final : public ByteWindow {
 public:
  // Keeps a duplicate of the descriptor.
  explicit MappedWindow(int descriptor) : descriptor_(fcntl(descriptor, F_DUPFD_CLOEXEC, 3)) {}
  ~MappedWindow() override {
    unmap();
    if (descriptor_ >= 0) close(descriptor_);
  }
  bool fill(size_t bytes) override;
  uint64_t file_bytes_read() const override { return position(); }
  uint64_t position() const override { return offset_ + static_cast<uint64_t>(cur - base_); }

 private:
  void unmap();

  int descriptor_;
  uint8_t* base_ = nullptr;
  size_t mapped_ = 0;
  uint64_t offset_ = 0;  // of base_ in the file
};

void MappedWindow::unmap() {
  if (base_ != nullptr) munmap(base_, mapped_);
  base_ = nullptr;
  mapped_ = 0;
}

bool MappedWindow::fill(size_t bytes) {
  struct stat facts{};
  if (descriptor_ < 0 || fstat(descriptor_, &facts) != 0 || facts.st_size <= 0) return false;
  const uint64_t here = position();
  const uint64_t size = static_cast<uint64_t>(facts.st_size);
  if (here >= size) return false;
  const uint64_t start = here & ~static_cast<uint64_t>(sysconf(_SC_PAGESIZE) - 1);
  const uint64_t wanted = std::max<uint64_t>(kMappedPiece, here - start + bytes);
  const size_t length = static_cast<size_t>(std::min(wanted, size - start));
  void* const piece = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, descriptor_, static_cast<off_t>(start));
  if (piece == MAP_FAILED) return false;
  madvise(piece, length, MADV_SEQUENTIAL);
#ifdef MADV_POPULATE_READ
  madvise(piece, length, MADV_POPULATE_READ);
#endif
  unmap();
  base_ = static_cast<uint8_t*>(piece);
  mapped_ = length;
  offset_ = start;
  cur = base_ + (here - start);
  end = base_ + length;
  return available() >= bytes;
}

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

// Null when the descriptor cannot be mapped (empty, not a plain file), which is no failure: it is read instead.
std::unique_ptr<ByteWindow> try_map(int descriptor, const struct stat& facts) {
  if (!S_ISREG(facts.st_mode) || facts.st_size <= 0) return nullptr;
  auto window = std::make_unique<MappedWindow>(descriptor);
  if (!window->fill(1)) return nullptr;
  return window;
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

bool is_compressed(const ByteWindow& window) {
  if (window.available() < 4) return false;
  const uint8_t* const p = window.cur;
  return (p[0] == 0x1f && p[1] == 0x8b) || (p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd) ||
         ((p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18);
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
  const bool standard_input = path == "-";
  // Non-blocking, so that opening a named pipe waits in poll(), where a stop request is seen.
  const int descriptor = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return open_failure(path, errno);
  struct stat facts{};
  if (fstat(descriptor, &facts) != 0 || S_ISDIR(facts.st_mode)) {
    const int error_number = S_ISDIR(facts.st_mode) ? EISDIR : errno;
    close(descriptor);
    return open_failure(path, error_number);
  }
  if (!standard_input) {
    std::unique_ptr<ByteWindow> mapped = try_map(descriptor, facts);
    if (mapped != nullptr && !is_compressed(*mapped)) {
      close(descriptor);
      return mapped;
    }
  }
  return window_on_stream(make_descriptor_stream(descriptor, path, stop), path);
}

}  // namespace weir
