// Capture files: classic pcap and pcapng, told apart by their first bytes.
#pragma once
#include <memory>
#include <string>

#include "../base/stop_signal.h"
#include "frame_reader.h"

namespace weir {

// Frames above this are taken for damage, as libpcap and Wireshark do, except on link types known for larger ones.
constexpr uint32_t kMaxFrameBytes = 256 * 1024;
constexpr uint32_t kMaxLargeFrameBytes = 16 * 1024 * 1024;
uint32_t max_frame_bytes(uint16_t link_type);

// Opens the file and reads its header. Failures: SOURCE_NOT_FOUND, SOURCE_PERMISSION, SOURCE_OPEN, SOURCE_FORMAT.
// `stop` and `registrar` must live as long as the reader.
Result<std::unique_ptr<FrameReader>> open_capture_file(const std::string& path, const StopSignal* stop, SourceRegistrar& registrar);

// What can be told before the run: does it exist, may it be read, is it a capture? Pipes are left alone, since looking
// would take bytes away. Returns the link type of a classic file, -1 where it is not known yet.
Result<int> probe_capture_file(const std::string& path);

// Standard input, a named pipe or a device: can be read once.
bool is_stream_path(const std::string& path);

// Bytes of the file, 0 where unknown.
uint64_t capture_file_size(const std::string& path);

}  // namespace weir
