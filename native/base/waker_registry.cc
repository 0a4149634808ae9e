#include "waker_registry.h"

#include <mutex>
#include <unordered_map>
#include <utility>

namespace weir {
namespace {

struct Registry {
  std::mutex mutex;
  std::unordered_map<uint32_t, std::shared_ptr<WakeTarget>> targets;
  uint32_t last_id = 0;
};

// Leaked on purpose: capture threads may still run while the process executes static destructors.
Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

}  // namespace

uint32_t register_waker(std::shared_ptr<WakeTarget> target) {
  Registry& table = registry();
  const std::lock_guard lock(table.mutex);
  do {
    ++table.last_id;
  } while (table.last_id == 0 || table.targets.count(table.last_id) != 0);
  table.targets.emplace(table.last_id, std::move(target));
  return table.last_id;
}

void unregister_waker(uint32_t id) {
  Registry& table = registry();
  const std::lock_guard lock(table.mutex);
  table.targets.erase(id);
}

void wake_by_id(uint32_t id) {
  std::shared_ptr<WakeTarget> target;
  {
    Registry& table = registry();
    const std::lock_guard lock(table.mutex);
    const auto found = table.targets.find(id);
    if (found == table.targets.end()) return;
    target = found->second;
  }
  target->wake();
}

}  // namespace weir
