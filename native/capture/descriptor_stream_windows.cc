// The bytes of a file or pipe, as Windows has them: a pipe is asked for bytes, again and again, so that a stop is seen.
#include <io.h>
#include <windows.h>

#include <cerrno>
#include <cstring>

#include "../base/clock.h"
#include "../base/files.h"
#include "byte_window.h"

namespace weir {
namespace {

constexpr int64_t kAskEveryNs = 10 * kNsPerMs;

class DescriptorStream final : public ByteStream {
 public:
  DescriptorStream(int descriptor, std::string path, const StopSignal* stop)
      : descriptor_(descriptor), path_(std::move(path)), stop_(stop), file_(reinterpret_cast<HANDLE>(_get_osfhandle(descriptor))) {
    pipe_ = GetFileType(file_) == FILE_TYPE_PIPE;
  }
  ~DescriptorStream() override { close_file(descriptor_); }

  long read(uint8_t* into, size_t size) override {
    if (pipe_ && !wait_readable()) return 0;
    const long got = read_file(descriptor_, into, size);
    if (got > 0) bytes_ += static_cast<uint64_t>(got);
    if (got < 0) failure_ = {"SOURCE_READ", "cannot read " + path_ + ": " + std::strerror(errno), "", path_, errno};
    return got;
  }
  uint64_t file_bytes_read() const override { return bytes_; }
  bool may_block() const override { return true; }

 private:
  // False when the run should stop: the stream then ends where it is. A pipe without a writer is readable: it has ended.
  bool wait_readable() {
    DWORD waiting = 0;
    while (PeekNamedPipe(file_, nullptr, 0, nullptr, &waiting, nullptr) != 0 && waiting == 0) {
      if (stop_ == nullptr) {
        Sleep(1);
        continue;
      }
      if (stop_->stop_requested()) return false;
      stop_->wait_ns(kAskEveryNs);
    }
    return true;
  }

  int descriptor_;
  std::string path_;
  const StopSignal* stop_;
  HANDLE file_;
  bool pipe_ = false;
  uint64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<ByteStream> make_descriptor_stream(int descriptor, const std::string& path, const StopSignal* stop) {
  return std::make_unique<DescriptorStream>(descriptor, path, stop);
}

}  // namespace weir
