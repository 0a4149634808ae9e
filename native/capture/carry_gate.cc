#include "carry_gate.h"

#include <algorithm>

#include "../decode/protocols.h"

namespace weir {
namespace {

constexpr uint16_t kNeverCarried = static_cast<uint16_t>(RecordFlag::kFragment) | static_cast<uint16_t>(RecordFlag::kFragmentLater) |
                                   static_cast<uint16_t>(RecordFlag::kNoTransport);
constexpr double kNsPerMillisecond = 1e6;

uint32_t tag_of(uint32_t hash_hi, uint16_t generation) { return (hash_hi & 0xffff0000u) | generation; }

}  // namespace

CarryGate::CarryGate(const CarryOptions& options) : options_(options), mask_(options.places == 0 ? 0 : options.places - 1) {
  if (options_.bytes == 0 || options_.tags == nullptr) return;
  // Without memory for it there is no gate: every packet with payload carries.
  places_.reset(static_cast<Place*>(std::calloc(options.places, sizeof(Place))));
}

uint32_t CarryGate::wanted(PacketRecord& record, uint32_t captured) {
  if ((record.flags & kNeverCarried) != 0 || record.l4Off == 0) return 0;
  const bool syn = record.protocol == kProtoTcp && (record.tcpFlags & kTcpSyn) != 0;
  if (!syn && (record.payloadLen == 0 || record.payloadOff == 0 || captured <= record.payloadOff)) return 0;
  const uint32_t end = std::min<uint32_t>(captured, record.payloadOff + record.payloadLen);
  if (record.payloadOff == 0 || end <= record.l3Off) return 0;
  const uint32_t carried = std::min(end - record.l3Off, options_.bytes);
  record.fragOff = 0;
  if (places_ == nullptr) return carried;

  Place& place = places_[record.hashLo & mask_];
  const uint32_t now_ms = static_cast<uint32_t>(static_cast<uint64_t>(record.streamNs / kNsPerMillisecond));
  const bool begins = syn && (record.tcpFlags & kTcpAck) == 0;
  if (begins || place.hash_hi != record.hashHi || place.generation == 0 || now_ms - place.last_ms >= options_.idle_ms) {
    place.hash_hi = record.hashHi;
    if (++place.generation == 0) place.generation = 1;
  }
  place.last_ms = now_ms;
  record.fragOff = place.generation;
  const uint32_t tag = options_.tags[record.hashLo & mask_].load(std::memory_order_relaxed);
  return !syn && tag == tag_of(record.hashHi, place.generation) ? 0 : carried;
}

}  // namespace weir
