#include "capture_engine.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "../base/clock.h"
#include "../base/threads.h"
#include "capture_file.h"
#include "frame_filter.h"
#include "live_source.h"
#include "pcap_writer.h"
#include "replay_thread.h"

namespace weir {
namespace {

constexpr int kEthernet = 1;

// Everything that can be told before the first frame is read. An empty code: nothing is wrong.
Failure check_replay(const EngineOptions& options) {
  int link_type = kEthernet;
  for (const SourceSpec& source : options.sources) {
    if (source.kind != SourceKind::kFile) continue;
    Result<int> probed = probe_capture_file(source.name);
    if (!probed.ok()) return probed.take_failure();
    if (&source == &options.sources.front() && probed.value() >= 0) link_type = probed.value();
  }
  if (options.filter.empty()) return {};
  const std::string message = check_filter(options.filter, link_type, static_cast<int>(kMaxFrameBytes));
  return message.empty() ? Failure{} : Failure{"FILTER", "invalid filter: " + message, "see pcap-filter(7)", "", 0};
}

bool is_stream(const SourceSpec& source) { return source.kind == SourceKind::kFile && is_stream_path(source.name); }

}  // namespace

CaptureEngine::CaptureEngine(EngineOptions options, std::function<void(Event)> listener) : run_(std::move(options), std::move(listener)) {
  for (uint32_t thread = 0; thread < threads_of(run_.options.sources); ++thread) counters_.push_back(std::make_unique<Counters>());
}

void CaptureEngine::start() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(started_, true)) return;
  }
  if (std::any_of(run_.recall.begin(), run_.recall.end(), [](const auto& ring) { return !ring->ok(); })) {
    const std::string size = std::to_string(run_.options.recall.bytes >> 20) + " MiB";
    run_.fail({"CONFIG", "there is no memory for " + size + " of recent packets", "keep fewer", "", 0});
    return finish();
  }
  if (run_.options.write_pcap) {
    auto opened = PcapWriter::open(*run_.options.write_pcap, run_.options.snaplen, &run_);
    if (!opened.ok()) return finish();
    run_.pcap_writer = std::move(opened.value());
  }
  const bool running = run_.options.live() ? start_live() : start_replay();
  if (!running) finish();
}

bool CaptureEngine::start_replay() {
  Failure failure = check_replay(run_.options);
  if (!failure.code.empty()) {
    run_.fail(std::move(failure));
    return false;
  }
  if (run_.options.loop != 1 && std::any_of(run_.options.sources.begin(), run_.options.sources.end(), is_stream)) {
    run_.fail({"USAGE", "a pipe cannot be read more than once", "leave --loop out, or name a file", "", 0});
    return false;
  }
  begin({{"weir-replay", run_.options.sources.front().name, -1, {}}}, {[this](Counters& counters) { ReplayThread(run_, counters).run(); }});
  return true;
}

bool CaptureEngine::start_live() {
  Result<std::vector<std::unique_ptr<LiveSource>>> opened = open_live_sources(run_.options);
  if (!opened.ok()) {
    run_.fail(opened.take_failure());
    return false;
  }
  std::vector<ThreadFacts> facts;
  std::vector<ThreadBody> bodies;
  uint32_t thread = 0;
  for (std::unique_ptr<LiveSource>& source : opened.value()) {
    facts.push_back(source->facts());
    const std::shared_ptr<LiveSource> shared = std::move(source);
    {
      const std::lock_guard lock(mutex_);
      live_sources_.push_back(shared);
    }
    bodies.push_back([this, shared, thread](Counters& counters) { shared->run(run_, thread, counters); });
    ++thread;
  }
  // Stream time begins now: a silent link has ticks too.
  const int64_t now = realtime_ns();
  run_.ticks.begin(now / kNsPerSec, static_cast<uint32_t>(now % kNsPerSec));
  begin(std::move(facts), std::move(bodies));
  return true;
}

void CaptureEngine::begin(std::vector<ThreadFacts> facts, std::vector<ThreadBody> bodies) {
  {
    const std::lock_guard lock(mutex_);
    running_ = static_cast<uint32_t>(bodies.size());
    unfinished_.store(running_);
  }
  Event event{};
  event.type = Event::Type::kStarted;
  event.threads = facts;
  run_.emit(std::move(event));
  for (size_t i = 0; i < bodies.size(); ++i) {
    // The thread owns the engine as much as its creator does, until its very end.
    auto main = [self = shared_from_this(), body = std::move(bodies[i]), name = facts[i].name, i] {
      name_this_thread(name);
      body(*self->counters_[i]);
      self->thread_ended();
    };
    std::thread(std::move(main)).detach();
  }
}

void CaptureEngine::thread_ended() {
  // `finished` goes out before the count reaches 0: whoever waits in abort() may then free what the listener needs.
  if (unfinished_.fetch_sub(1) == 1) finish();
  const std::lock_guard lock(mutex_);
  --running_;
  ended_.notify_all();
}

void CaptureEngine::finish() {
  if (run_.pcap_writer != nullptr) run_.pcap_writer->close();
  Event event{};
  event.type = Event::Type::kFinished;
  event.text = reason();
  run_.emit(std::move(event));
}

std::string CaptureEngine::reason() const {
  if (run_.failed.load() || (run_.pcap_writer == nullptr && run_.options.write_pcap)) return "error";
  if (run_.count_reached.load()) return "count";
  return run_.stop.stop_requested() ? "stop" : "eof";
}

bool CaptureEngine::abort(int wait_ms) {
  run_.stop.request_abort();
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return running_ == 0; });
}

std::string CaptureEngine::replace_filter(const std::string& expression) {
  if (!run_.options.live()) return "the filter of a replay cannot be changed while it runs";
  if (run_.stop.stop_requested()) return "the capture is ending";
  const std::lock_guard lock(mutex_);
  // Compiled once before anything changes, so that a bad expression leaves every socket as it was.
  std::string message = check_filter(expression, kEthernet, static_cast<int>(kMaxFrameBytes));
  if (!message.empty()) return "invalid filter: " + message;
  for (const std::weak_ptr<LiveSource>& weak : live_sources_) {
    const std::shared_ptr<LiveSource> source = weak.lock();
    if (source != nullptr) message = source->replace_filter(expression);
    if (!message.empty()) return message;
  }
  return "";
}

void CaptureEngine::read_counters(double* out) const {
  std::fill_n(out, kCounterCount, 0.0);
  for (const std::unique_ptr<Counters>& counters : counters_) {
    for (uint32_t slot = 0; slot < kCounterCount; ++slot) {
      const double value = static_cast<double>(counters->read(slot));
      // The fullest ring of any thread; all others are sums.
      out[slot] = slot == kRingHighWater ? std::max(out[slot], value) : out[slot] + value;
    }
  }
  if (run_.pcap_writer != nullptr) run_.pcap_writer->read_counters(out);
  const double threads = static_cast<double>(counters_.size());
  // Known only when every thread knows its part.
  out[kReceivedKnown] = out[kReceivedKnown] == threads ? 1 : 0;
  out[kInterfaceDropsKnown] = out[kInterfaceDropsKnown] == threads ? 1 : 0;
  uint32_t types[16] = {};
  run_.tunnels->count_types(types);
  for (uint32_t type = 0; type < kCounterCount - kTunnels; ++type) out[kTunnels + type] = types[type];
  out[kTunnelTableFull] = static_cast<double>(run_.tunnels->full());
}

}  // namespace weir
