#include "windivert_source.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "diverted_thread.h"
#include "windivert_receiver.h"

namespace weir {
namespace {

constexpr uint64_t kMajor = 2;
constexpr uint32_t kMiB = 1024 * 1024;
// The queue to the decoding thread, at least.
constexpr uint32_t kMinQueueBytes = 4 * kMiB;

// What the driver's queue may hold, as it says itself.
struct QueueLimits {
  uint64_t length = 0;
  uint64_t time_ms = 0;
  uint64_t bytes = 0;
};

uint64_t power_of_two_above(uint64_t value) {
  uint64_t power = 1;
  while (power < value) power *= 2;
  return power;
}

QueueLimits set_limits(const DivertApi& api, void* handle, const EngineOptions& options) {
  const uint64_t bytes = std::clamp<uint64_t>(uint64_t{options.buffer_mb} * kMiB, kDivertMinQueueBytes, kDivertMaxQueueBytes);
  // A limit that is refused stays at the driver's own; what is in force is asked for below.
  api.set_parameter(handle, kDivertQueueLength, options.divert->queue_length);
  api.set_parameter(handle, kDivertQueueTime, options.divert->queue_time_ms);
  api.set_parameter(handle, kDivertQueueSize, bytes);
  QueueLimits limits;
  api.get_parameter(handle, kDivertQueueLength, &limits.length);
  api.get_parameter(handle, kDivertQueueTime, &limits.time_ms);
  api.get_parameter(handle, kDivertQueueSize, &limits.bytes);
  return limits;
}

class DivertSource final : public LiveSource {
 public:
  DivertSource(const EngineOptions& options, const DivertApi& api, void* handle, DivertClock clock, QueueLimits limits)
      : api_(api),
        handle_(handle),
        clock_(clock),
        limits_(limits),
        name_(options.sources.front().name),
        queue_(power_of_two_above(std::max<uint64_t>(kMinQueueBytes, uint64_t{options.buffer_mb} * kMiB))) {}
  // Never run: the driver must not keep what it was told to divert.
  ~DivertSource() override {
    if (handle_ != nullptr) api_.close(handle_);
  }

  ThreadFacts facts() const override {
    ThreadFacts facts{"weir-cap-divert", name_, -1, {}};
    facts.numbers = {{"queueLength", static_cast<double>(limits_.length)},
                     {"queueTimeMs", static_cast<double>(limits_.time_ms)},
                     {"queueBytes", static_cast<double>(limits_.bytes)},
                     {"clockErrorNs", static_cast<double>(clock_.error_ns())}};
    return facts;
  }

  void run(RunState& run, uint32_t thread, Counters& counters) override {
    const DivertOptions& divert = *run.options.divert;
    counters.set(kDivertedKnown, 1);
    counters.set(kInlineKnown, divert.inline_mode ? 1 : 0);
    PacketHandover handover(divert, queue_, counters, run.options.snaplen);
    DivertedThread decoding(run, queue_, thread, counters, name_);
    {
      // Owns the handle from here on: it is closed when this block is left, whatever the decoding thread still has to do.
      DivertReceiver receiver(api_, std::exchange(handle_, nullptr), handover, clock_, divert.inline_mode);
      std::thread receiving([this, &receiver] {
        receiver.run();
        queue_.close();
      });
      decoding.run();
      receiver.shut_down();
      receiving.join();
      if (!receiver.failure().code.empty()) run.fail(receiver.failure());
    }
    decoding.finish();
  }

 private:
  const DivertApi& api_;
  void* handle_;
  DivertClock clock_;
  QueueLimits limits_;
  std::string name_;
  PacketQueue queue_;
};

}  // namespace

Failure divert_open_failure(uint32_t error, const std::string& library) {
  const auto failed = [&](const char* code, const std::string& why, const std::string& hint) {
    return Failure{code, "cannot open WinDivert: " + why, hint, library, static_cast<int>(error)};
  };
  switch (error) {
    case kErrorFileNotFound:
      return failed("SOURCE_NOT_FOUND", "its driver is missing", "put WinDivert64.sys beside " + library);
    case kErrorModuleNotFound:
      return failed("SOURCE_NOT_FOUND", "there is no " + library, "put WinDivert.dll and WinDivert64.sys of version 2.2 there, or name the file with --windivert-dll");
    case kErrorBadImage:
      return failed("SOURCE_OPEN", library + " is not for this processor", "take the x64 files of WinDivert 2.2");
    case kErrorAccessDenied:
      return failed("SOURCE_PERMISSION", "access denied", "run as Administrator");
    case kErrorInvalidParameter:
      return failed("FILTER", "it refuses the filter", "see the filter language of WinDivert 2.2");
    case kErrorInvalidImageHash:
      return failed("SOURCE_OPEN", "Windows does not accept the driver's signature", "take the signed driver of the official WinDivert 2.2.2 release");
    case kErrorDriverFailedPriorUnload:
      return failed("SOURCE_OPEN", "another version of its driver is loaded", "stop the other program (sc stop WinDivert), or restart Windows");
    case kErrorServiceNotThere:
      return failed("SOURCE_OPEN", "its driver service is not installed", "run once as Administrator");
    case kErrorServiceTimeout:
    case kErrorServiceLocked:
    case kErrorDllInitialisation:
      return failed("SOURCE_OPEN", "its driver cannot start on this system", "weir doctor says what is missing");
    case kErrorDriverBlocked:
      return failed("SOURCE_OPEN", "the driver is blocked by policy or by security software", "allow WinDivert64.sys there");
    case kErrorEndpointNotRegistered:
      return failed("SOURCE_OPEN", "the Base Filtering Engine does not run", "sc start BFE");
    default:
      return failed("SOURCE_OPEN", "error " + std::to_string(error), "weir doctor");
  }
}

Result<std::unique_ptr<LiveSource>> open_divert_source(const EngineOptions& options, const DivertApi& api, int64_t ticks_per_second,
                                                       DivertClock::Sampler sampler) {
  const DivertOptions& divert = *options.divert;
  const char* message = nullptr;
  unsigned position = 0;
  if (api.compile_filter(divert.filter.c_str(), kDivertLayerNetwork, nullptr, 0, &message, &position) == 0) {
    const std::string why = message == nullptr ? "it does not compile" : message;
    return Failure{"FILTER", "invalid WinDivert filter: " + why + ", at character " + std::to_string(position + 1), divert.filter, "", 0};
  }
  const uint64_t flags = divert.inline_mode ? 0 : kDivertOpenSniff | kDivertOpenReceiveOnly;
  void* const handle = api.open(divert.filter.c_str(), kDivertLayerNetwork, 0, flags);
  if (!is_open(handle)) return divert_open_failure(api.last_error(), divert.library);
  uint64_t major = 0;
  if (api.get_parameter(handle, kDivertMajor, &major) == 0 || major != kMajor) {
    api.close(handle);
    return Failure{"SOURCE_OPEN", "WinDivert's driver has version " + std::to_string(major) + ", this needs 2.2", "take the files of WinDivert 2.2",
                   divert.library, 0};
  }
  const QueueLimits limits = set_limits(api, handle, options);
  return std::unique_ptr<LiveSource>(std::make_unique<DivertSource>(options, api, handle, DivertClock(ticks_per_second, sampler), limits));
}

}  // namespace weir
