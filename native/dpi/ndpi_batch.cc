#include "ndpi_batch.h"

namespace weir {

uint32_t first_wrong_entry(const uint32_t* entries, uint32_t count, uint32_t max_slots, size_t bytes_length) {
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t* const entry = entries + static_cast<size_t>(i) * kDpiEntryWords;
    const uint64_t end = static_cast<uint64_t>(entry[4]) + entry[5];
    if (entry[0] >= max_slots || end > bytes_length) return i;
  }
  return count;
}

uint32_t process_batch(Detector& detector, const uint32_t* entries, uint32_t count, const uint8_t* bytes, uint32_t* results) {
  uint32_t news = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t* const entry = entries + static_cast<size_t>(i) * kDpiEntryWords;
    DpiPacket packet;
    packet.slot = entry[0];
    packet.from_server = (entry[1] & kDpiFromServer) != 0;
    packet.whole = (entry[1] & kDpiWhole) != 0;
    packet.time_ms = static_cast<uint64_t>(entry[3]) << 32 | entry[2];
    packet.bytes = bytes + entry[4];
    packet.length = entry[5];
    const DpiVerdict verdict = detector.process(packet);
    write_result(verdict, results + static_cast<size_t>(i) * kDpiResultWords);
    news += verdict.state != DpiState::kUndecided && verdict.state != DpiState::kSettled;
  }
  return news;
}

void write_result(const DpiVerdict& verdict, uint32_t* result) {
  result[0] = static_cast<uint32_t>(verdict.state);
  result[1] = verdict.master;
  result[2] = verdict.app;
  result[3] = verdict.category;
  result[4] = verdict.confidence;
  result[5] = static_cast<uint32_t>(verdict.risks);
  result[6] = static_cast<uint32_t>(verdict.risks >> 32);
  result[7] = verdict.guessed ? 1 : 0;
}

}  // namespace weir
