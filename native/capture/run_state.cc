#include "run_state.h"

#include <algorithm>
#include <utility>

#include "pcap_writer.h"

namespace weir {
namespace {

// Numbers are 16 bits wide in a record; further interfaces share the last one.
constexpr size_t kMaxSources = 65'536;

}  // namespace

RunState::RunState(EngineOptions given, std::function<void(Event)> listener)
    : options(std::move(given)), ticks(options.tick_ns, threads_of(options.sources)), listener_(std::move(listener)) {
  const uint32_t threads = threads_of(options.sources);
  for (uint32_t thread = 0; options.recall.bytes != 0 && thread < threads; ++thread) {
    recall.push_back(std::make_unique<RecallRing>(options.recall.bytes / threads, options.recall.snaplen));
  }
}

RunState::~RunState() = default;

void RunState::emit(Event event) { listener_(std::move(event)); }

void RunState::warn(const std::string& code, const std::string& message, std::vector<std::pair<std::string, double>> numbers) {
  Event event{};
  event.type = Event::Type::kWarning;
  event.failure.code = code;
  event.failure.message = message;
  event.numbers = std::move(numbers);
  emit(std::move(event));
}

void RunState::report(Failure failure) {
  Event event{};
  event.type = Event::Type::kError;
  event.failure = std::move(failure);
  emit(std::move(event));
}

void RunState::fail(Failure failure) {
  failed.store(true);
  report(std::move(failure));
  stop.request_stop();
}

void RunState::warn_link_type(uint16_t link_type) {
  {
    const std::lock_guard lock(mutex_);
    if (!warned_link_types_.insert(link_type).second) return;
  }
  warn("LINK_TYPE", "frames of link type " + std::to_string(link_type) + " are counted but not decoded", {{"linkType", link_type}});
}

uint16_t RunState::source_number(uint32_t file, uint32_t interface_index, uint16_t link_type, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto known = source_numbers_.find({file, interface_index});
  if (known != source_numbers_.end()) return known->second;
  if (sources_.size() >= kMaxSources) return static_cast<uint16_t>(kMaxSources - 1);
  const uint16_t number = static_cast<uint16_t>(sources_.size());
  sources_.push_back({number, name, link_type});
  source_numbers_.emplace(std::make_pair(file, interface_index), number);
  return number;
}

std::vector<SourceFacts> RunState::sources() const {
  const std::lock_guard lock(mutex_);
  return sources_;
}

void RunState::sample_reject(const Decoded& decoded, const Frame& frame) {
  const uint32_t reason = static_cast<uint32_t>(decoded.reason) % kRejectReasons;
  if ((sampled_reasons_.load(std::memory_order_relaxed) >> reason & 1) != 0) return;
  const std::lock_guard lock(mutex_);
  RejectSample& sample = samples_[reason];
  if (sample.present) return;
  sample.present = true;
  sample.needed = decoded.needed;
  sample.available = decoded.available;
  sample.link_type = frame.link_type;
  sample.ordinal = frame.ordinal;
  sample.bytes = std::min<uint32_t>(frame.captured, static_cast<uint32_t>(sample.first.size()));
  std::copy_n(frame.bytes, sample.bytes, sample.first.begin());
  sampled_reasons_.fetch_or(1U << reason, std::memory_order_relaxed);
}

std::array<RejectSample, kRejectReasons> RunState::reject_samples() const {
  const std::lock_guard lock(mutex_);
  return samples_;
}

}  // namespace weir
