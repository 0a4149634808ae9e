// Linux: packet sockets of libpcap, or a netfilter queue.
#include <string>
#include <utility>

#include "live_source.h"
#include "live_thread.h"
#include "nfqueue_source.h"

namespace weir {
namespace {

class SocketSource final : public LiveSource {
 public:
  SocketSource(std::unique_ptr<LiveSocket> socket, int cpu) : socket_(std::move(socket)), cpu_(cpu) {}
  ThreadFacts facts() const override { return {"weir-cap-" + socket_->interface(), socket_->interface(), cpu_, {}}; }
  void run(RunState& run, uint32_t thread, Counters& counters) override {
    pin_this_thread(cpu_);
    LiveThread(run, *socket_, thread, counters).run();
  }

  std::string replace_filter(const std::string& expression) const override { return socket_->replace_filter(expression); }

 private:
  std::unique_ptr<LiveSocket> socket_;
  int cpu_;
};

}  // namespace

Result<std::vector<std::unique_ptr<LiveSource>>> open_live_sources(const EngineOptions& options) {
  std::vector<std::unique_ptr<LiveSource>> sources;
  if (options.divert) {
    Result<std::unique_ptr<LiveSource>> queue = open_nfqueue_source(options);
    if (!queue.ok()) return queue.take_failure();
    sources.push_back(std::move(queue.value()));
    return sources;
  }
  Result<std::vector<std::unique_ptr<LiveSocket>>> opened = open_live_sockets(options);
  if (!opened.ok()) return opened.take_failure();
  const uint32_t threads = threads_of(options.sources);
  for (std::unique_ptr<LiveSocket>& socket : opened.value()) {
    const int cpu = cpu_for_thread(static_cast<uint32_t>(sources.size()), threads);
    sources.push_back(std::make_unique<SocketSource>(std::move(socket), cpu));
  }
  return sources;
}

}  // namespace weir
