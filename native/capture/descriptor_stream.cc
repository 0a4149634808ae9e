// The bytes of a file or pipe, as POSIX has them.
#include <poll.h>

#include <cerrno>
#include <cstring>

#include "../base/files.h"
#include "byte_window.h"

namespace weir {
namespace {

class DescriptorStream final : public ByteStream {
 public:
  DescriptorStream(int descriptor, std::string path, const StopSignal* stop)
      : descriptor_(descriptor), path_(std::move(path)), stop_(stop) {}
  ~DescriptorStream() override { close_file(descriptor_); }

  long read(uint8_t* into, size_t size) override {
    for (;;) {
      if (!wait_readable()) return 0;
      const long got = read_file(descriptor_, into, size);
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

}  // namespace

std::unique_ptr<ByteStream> make_descriptor_stream(int descriptor, const std::string& path, const StopSignal* stop) {
  return std::make_unique<DescriptorStream>(descriptor, path, stop);
}

}  // namespace weir
