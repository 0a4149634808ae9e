#include "capture_file.h"

#include <cerrno>

#include "../base/byte_order.h"
#include "../base/files.h"
#include "byte_window.h"
#include "classic_reader.h"
#include "pcapng_reader.h"

namespace weir {
namespace {

Failure not_a_capture(const std::string& path, const ByteWindow& window) {
  if (window.failed()) return window.failure();
  if (window.available() == 0) return {"SOURCE_FORMAT", path + " is empty, not a capture file", "", path, 0};
  return {"SOURCE_FORMAT", path + " is not a capture file", "classic pcap and pcapng are read, plain or compressed by gzip or zstd", path, 0};
}

class NoRegistrar final : public SourceRegistrar {
 public:
  uint16_t source_number(uint32_t, uint16_t, const std::string&) override { return 0; }
};

}  // namespace

uint32_t max_frame_bytes(uint16_t link_type) {
  switch (link_type) {
    case 189:  // USB_LINUX
    case 220:  // USB_LINUX_MMAPPED
    case 231:  // DBUS
    case 249:  // USBPCAP
    case 279:  // EBHSCR
      return kMaxLargeFrameBytes;
    default:
      return kMaxFrameBytes;
  }
}

Result<std::unique_ptr<FrameReader>> open_capture_file(const std::string& path, const StopSignal* stop, SourceRegistrar& registrar) {
  Result<std::unique_ptr<ByteWindow>> opened = open_byte_window(path, stop);
  if (!opened.ok()) return opened.take_failure();
  std::unique_ptr<ByteWindow> window = std::move(opened.value());
  if (!window->ensure(4)) return not_a_capture(path, *window);
  const uint32_t magic = load32(window->cur);
  if (is_classic_magic(magic)) return make_classic_reader(std::move(window), path, registrar);
  if (magic == kPcapngSectionHeader) return make_pcapng_reader(std::move(window), path, registrar);
  return not_a_capture(path, *window);
}

Result<int> probe_capture_file(const std::string& path) {
  if (path == "-") return -1;
  FileFacts facts{};
  if (!facts_of(path, facts)) return open_failure(path, errno);
  if (facts.kind == FileKind::kFolder) return open_failure(path, EISDIR);
  if (facts.kind == FileKind::kStream) return is_readable(path) ? Result<int>(-1) : Result<int>(open_failure(path, errno));
  Result<std::unique_ptr<ByteWindow>> opened = open_byte_window(path, nullptr);
  if (!opened.ok()) return opened.take_failure();
  std::unique_ptr<ByteWindow> window = std::move(opened.value());
  if (!window->ensure(4)) return not_a_capture(path, *window);
  const uint32_t magic = load32(window->cur);
  if (magic == kPcapngSectionHeader) return -1;
  if (!is_classic_magic(magic)) return not_a_capture(path, *window);
  const bool swapped = (load32(window->cur) & 0xff) == 0xa1;
  const int link_type = window->ensure(kClassicHeaderBytes) ? static_cast<int>(load32(window->cur + 20, swapped) & 0xffff) : -1;
  NoRegistrar registrar;
  Result<std::unique_ptr<FrameReader>> reader = make_classic_reader(std::move(window), path, registrar);
  if (!reader.ok()) return reader.take_failure();
  return link_type;
}

bool is_stream_path(const std::string& path) {
  FileFacts facts{};
  return path == "-" || (facts_of(path, facts) && facts.kind != FileKind::kRegular);
}

uint64_t capture_file_size(const std::string& path) {
  FileFacts facts{};
  return path != "-" && facts_of(path, facts) && facts.kind == FileKind::kRegular ? facts.bytes : 0;
}

}  // namespace weir
