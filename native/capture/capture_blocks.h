// The pieces of capture files, appended to a buffer in this machine's byte order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../decode/decoder.h"

namespace weir {

constexpr size_t kClassicFileHeaderBytes = 24;
constexpr size_t kClassicRecordBytes = 16;
// A frame of the largest size that readers accept, with its block around it.
constexpr size_t kMaxLargeFrameWithHeader = 256 * 1024 + 64;
// Readers refuse frames above the declared snaplen; frames of a replay may be larger than what was asked for live.
constexpr uint32_t kMinDeclaredSnaplen = 262'144;

void append_classic_header(std::vector<uint8_t>& out, uint32_t snaplen, uint16_t link_type);
void append_classic_frame(std::vector<uint8_t>& out, const Frame& frame);
// The frame that a classic record header with microseconds announces; `bytes` is left null.
Frame frame_of_classic_record(const uint8_t* header, uint16_t link_type);

void append_section_header(std::vector<uint8_t>& out);
// Times in nanoseconds.
void append_interface(std::vector<uint8_t>& out, uint16_t link_type);
void append_enhanced_packet(std::vector<uint8_t>& out, uint32_t interface_number, const Frame& frame);

}  // namespace weir
