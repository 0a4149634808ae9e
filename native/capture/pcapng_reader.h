// pcapng (draft-ietf-opsawg-pcapng): several sections in either byte order, several interfaces with their own link type,
// time resolution and offset; packets from Enhanced, Simple and the obsolete Packet Block. Other blocks are skipped.
#pragma once
#include <memory>
#include <string>

#include "byte_window.h"
#include "frame_reader.h"

namespace weir {

constexpr uint32_t kPcapngSectionHeader = 0x0a0d0d0a;

// `window` is at the file's first byte, which begins a Section Header Block.
Result<std::unique_ptr<FrameReader>> make_pcapng_reader(std::unique_ptr<ByteWindow> window, const std::string& path,
                                                        SourceRegistrar& registrar);

}  // namespace weir
