#include "ndpi_detector.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "ndpi_compat.h"

namespace weir {
namespace {

using ndpi_compat::DetectionModule;
using ndpi_compat::Finding;
using ndpi_compat::Progress;

constexpr uint32_t kMaxPacketBytes = 65535;  // libndpi takes the length as an unsigned short
// Zeros behind the packet. libndpi 4.2 reads a byte behind some packets (with an unreadable page there, 38 of 400 runs over
// mutated captures ended; with this margin none of 2,500): what it finds must be readable, and the same in every run.
constexpr uint32_t kMarginBytes = 256;
constexpr uint32_t kFirstSlots = 1024;

// Making and ending modules touches tables that libndpi keeps once per process; its manual forbids both in parallel.
std::mutex& module_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

struct Detector::Slot {
  ndpi_compat::Flow* flow;  // null unless live
  uint32_t heap;            // bytes that hang on the flow
  uint16_t packets;
  bool settled;
};

std::unique_ptr<Detector> Detector::open(const DpiOptions& options, std::string& why) {
  if (!ndpi_compat::library_fits()) {
    why = "libndpi " + std::string(version()) + " is not the version that this was built for";
    return nullptr;
  }
  const std::lock_guard lock(module_mutex());
  count_ndpi_heap();
  HeapMeter heap;
  std::unique_ptr<DetectionModule> module;
  {
    const HeapScope counting(heap);
    module = std::make_unique<DetectionModule>(options.max_packets);
  }
  if (!module->ok()) {
    why = "libndpi " + std::string(version()) + " makes no detection module";
    return nullptr;
  }
  return std::unique_ptr<Detector>(new Detector(options, std::move(module), heap));
}

Detector::Detector(const DpiOptions& options, std::unique_ptr<DetectionModule> module, const HeapMeter& heap)
    : options_(options),
      module_(std::move(module)),
      heap_(heap),
      module_bytes_(heap.bytes),
      heap_known_(count_ndpi_heap()),
      packet_(new uint8_t[kMaxPacketBytes + kMarginBytes]()) {
  heap_.peak = heap_.bytes;
}

Detector::~Detector() {
  for (uint32_t i = 0; i < slot_count_; ++i) drop_flow(slots_[i]);
  std::free(slots_);
  const std::lock_guard lock(module_mutex());
  module_.reset();
}

Detector::Slot* Detector::find(uint32_t slot) const { return slot < slot_count_ ? &slots_[slot] : nullptr; }

// The slot, made when it is not there; null when there is no memory.
Detector::Slot* Detector::reach(uint32_t slot) {
  if (slot < slot_count_) return &slots_[slot];
  uint64_t count = std::max<uint64_t>(kFirstSlots, slot_count_);
  while (count <= slot) count *= 2;
  count = std::min<uint64_t>(count, options_.max_slots);
  auto* const grown = static_cast<Slot*>(std::realloc(slots_, count * sizeof(Slot)));
  if (grown == nullptr) return nullptr;
  std::memset(static_cast<void*>(grown + slot_count_), 0, (count - slot_count_) * sizeof(Slot));
  slots_ = grown;
  slot_count_ = static_cast<uint32_t>(count);
  return &slots_[slot];
}

DpiVerdict Detector::process(const DpiPacket& packet) {
  DpiVerdict verdict;
  Slot* const slot = reach(packet.slot);
  if (slot != nullptr && slot->settled) {
    verdict.state = DpiState::kSettled;
    return verdict;
  }
  if (slot != nullptr && slot->flow == nullptr && live_ < options_.max_flows) {
    slot->flow = static_cast<ndpi_compat::Flow*>(std::calloc(1, sizeof(ndpi_compat::Flow)));
    if (slot->flow != nullptr) peak_live_ = std::max(peak_live_, ++live_);
  }
  if (slot == nullptr || slot->flow == nullptr) {
    ++counters_.refused;
    verdict.state = DpiState::kNoCapacity;
    return verdict;
  }
  ++counters_.packets;
  ++slot->packets;
  const uint32_t length = std::min(packet.length, kMaxPacketBytes);
  std::memcpy(packet_.get(), packet.bytes, length);
  std::memset(packet_.get() + length, 0, kMarginBytes);
  const int64_t before = heap_.bytes;
  Finding finding;
  {
    const HeapScope counting(heap_);
    finding = module_->process(slot->flow, packet_.get(), static_cast<uint16_t>(length), packet.time_ms, packet.from_server, packet.whole);
  }
  slot->heap = static_cast<uint32_t>(std::max<int64_t>(0, slot->heap + heap_.bytes - before));
  verdict = verdict_of(*slot, finding);
  if (verdict.state == DpiState::kClassified) return settle(*slot, verdict);
  if (slot->heap > options_.max_flow_heap) {
    ++counters_.heap_give_ups;
    return guess(*slot);
  }
  return slot->packets >= options_.max_packets ? guess(*slot) : verdict;
}

DpiVerdict Detector::give_up(uint32_t slot) {
  Slot* const found = find(slot);
  if (found != nullptr && found->flow != nullptr) return guess(*found);
  DpiVerdict nothing;
  nothing.state = DpiState::kSettled;
  return nothing;
}

void Detector::release(uint32_t slot) {
  Slot* const found = find(slot);
  if (found == nullptr) return;
  drop_flow(*found);
  *found = Slot{};
}

std::string Detector::host_name(uint32_t slot) const {
  const Slot* const found = find(slot);
  if (found == nullptr || found->flow == nullptr) return {};
  const char* const name = found->flow->host_server_name;
  return std::string(name, strnlen(name, sizeof found->flow->host_server_name));
}

DpiVerdict Detector::verdict_of(const Slot& slot, const Finding& finding) const {
  DpiVerdict verdict;
  switch (finding.progress) {
    case Progress::kNothing: return verdict;
    case Progress::kPartial: verdict.state = DpiState::kPartial; break;
    case Progress::kFinal: verdict.state = DpiState::kClassified; break;
  }
  verdict.master = finding.master;
  verdict.app = finding.app;
  verdict.category = finding.category;
  verdict.confidence = static_cast<uint32_t>(slot.flow->confidence);
  verdict.risks = slot.flow->risk;
  return verdict;
}

// Ends a flow with what it is: counted, its memory given back, later packets not looked at.
DpiVerdict Detector::settle(Slot& slot, DpiVerdict verdict) {
  ++(verdict.state == DpiState::kClassified ? counters_.classified : counters_.gave_up);
  drop_flow(slot);
  slot.settled = true;
  return verdict;
}

DpiVerdict Detector::guess(Slot& slot) {
  Finding finding;
  {
    const HeapScope counting(heap_);
    finding = module_->give_up(slot.flow);
  }
  DpiVerdict verdict = verdict_of(slot, finding);
  const bool from_content = verdict.state != DpiState::kUndecided;
  verdict.state = from_content ? DpiState::kClassified : DpiState::kGaveUp;
  if (!from_content && (finding.master != 0 || finding.app != 0)) {
    verdict.guessed = true;
    verdict.master = finding.master;
    verdict.app = finding.app;
    verdict.category = finding.category;
    verdict.confidence = static_cast<uint32_t>(slot.flow->confidence);
  }
  // Risks such as a name that is an address do not depend on the label.
  verdict.risks = slot.flow->risk;
  return settle(slot, verdict);
}

void Detector::drop_flow(Slot& slot) {
  if (slot.flow == nullptr) return;
  {
    const HeapScope counting(heap_);
    ndpi_free_flow_data(slot.flow);
  }
  std::free(std::exchange(slot.flow, nullptr));
  slot.heap = 0;
  --live_;
}

uint32_t Detector::protocol_count() const { return module_->protocol_count(); }

// The library answers for unknown ids from one static buffer, which threads would share: they are not asked for.
const char* Detector::protocol_name(uint32_t id) const {
  return id < protocol_count() ? module_->protocol_name(static_cast<uint16_t>(id)) : nullptr;
}

const char* Detector::category_name(uint32_t id) const { return id < NDPI_PROTOCOL_NUM_CATEGORIES ? module_->category_name(id) : nullptr; }

const char* Detector::confidence_name(uint32_t id) {
  return id < NDPI_CONFIDENCE_MAX ? ndpi_confidence_get_name(static_cast<ndpi_confidence_t>(id)) : nullptr;
}

const char* Detector::risk_name(uint32_t bit) {
  return bit > 0 && bit < NDPI_MAX_RISK ? ndpi_risk2str(static_cast<ndpi_risk_enum>(bit)) : nullptr;
}

bool Detector::is_guess(uint32_t confidence) { return ndpi_compat::is_guess(confidence); }

uint32_t Detector::protocol_category(uint32_t id) const {
  return id < protocol_count() ? module_->protocol_category(static_cast<uint16_t>(id)) : 0;
}

const char* Detector::version() { return ndpi_revision(); }

DpiMemory Detector::memory() const {
  const int64_t structs = static_cast<int64_t>(live_) * static_cast<int64_t>(sizeof(ndpi_compat::Flow));
  const int64_t peak_structs = static_cast<int64_t>(peak_live_) * static_cast<int64_t>(sizeof(ndpi_compat::Flow));
  return {live_,         peak_live_, static_cast<uint32_t>(sizeof(ndpi_compat::Flow)), heap_known_, module_bytes_, structs + heap_.bytes - module_bytes_,
          // Never too low: both peaks, even when they were not at the same time.
          peak_structs + heap_.peak - module_bytes_};
}

}  // namespace weir
