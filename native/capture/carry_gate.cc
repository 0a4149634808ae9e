#include "carry_gate.h"

#include <algorithm>

#include "../base/memory_advice.h"
#include "../decode/protocols.h"

namespace weir {
namespace {

constexpr uint16_t kNeverCarried = static_cast<uint16_t>(RecordFlag::kFragment) | static_cast<uint16_t>(RecordFlag::kFragmentLater) |
                                   static_cast<uint16_t>(RecordFlag::kNoTransport);
constexpr double kNsPerMillisecond = 1e6;

constexpr uint16_t kMostGeneration = 0x3fff;

// True when the tag is of this generation of the flow and tells of the side that sent the packet.
bool stops(uint32_t tag, const PacketRecord& record, uint16_t generation) {
  const bool is_flow = ((tag ^ record.hashHi) & 0xffff0000u) == 0 && (tag >> 2 & kMostGeneration) == generation;
  return is_flow && (tag & ((record.flags & static_cast<uint16_t>(RecordFlag::kFromA)) != 0 ? 1u : 2u)) != 0;
}

}  // namespace

CarryGate::CarryGate(const CarryOptions& options) : options_(options), mask_(options.places == 0 ? 0 : options.places - 1) {
  if (options_.bytes == 0 || options_.tags == nullptr) return;
  // Without memory for it there is no gate: every packet with payload carries.
  places_.reset(static_cast<Place*>(std::calloc(options.places, sizeof(Place))));
  // Each flow has a place of its own, anywhere: with small pages the translation is missed as well as the line.
  if (places_ != nullptr) prefer_huge_pages(places_.get(), options.places * sizeof(Place));
  prefer_huge_pages(options.tags, options.places * sizeof *options.tags);
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
    place.generation = place.generation == kMostGeneration ? 1 : static_cast<uint16_t>(place.generation + 1);
  }
  place.last_ms = now_ms;
  record.fragOff = place.generation;
  const uint32_t tag = options_.tags[record.hashLo & mask_].load(std::memory_order_relaxed);
  return !syn && stops(tag, record, place.generation) ? 0 : carried;
}

}  // namespace weir
