// Classic pcap: microseconds, nanoseconds, and the variant with a longer record header, in both byte orders.
#pragma once
#include <memory>
#include <string>

#include "byte_window.h"
#include "frame_reader.h"

namespace weir {

constexpr uint32_t kClassicMicroseconds = 0xa1b2c3d4;
constexpr uint32_t kClassicNanoseconds = 0xa1b23c4d;
// Alexey Kuznetzov's patched libpcap: 8 more bytes per record header (interface index, protocol, packet type).
constexpr uint32_t kClassicModified = 0xa1b2cd34;
constexpr size_t kClassicHeaderBytes = 24;

bool is_classic_magic(uint32_t magic);

// `window` is at the file's first byte and has been seen to begin with a classic magic number.
Result<std::unique_ptr<FrameReader>> make_classic_reader(std::unique_ptr<ByteWindow> window, const std::string& path,
                                                         SourceRegistrar& registrar);

}  // namespace weir
