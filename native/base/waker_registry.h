// Process-wide table of consumers that can be woken. A ring names its consumer by number (RingAt wakerId), because the
// consumer lives in another JavaScript environment, which may end at any moment.
#pragma once
#include <cstdint>
#include <memory>

namespace weir {

// Something that can be woken from any thread. `wake` must be safe after its environment has gone (and then do nothing).
class WakeTarget {
 public:
  virtual ~WakeTarget() = default;
  virtual void wake() = 0;
};

// Ids are never 0 and never reused within 2^32 registrations.
uint32_t register_waker(std::shared_ptr<WakeTarget> target);
void unregister_waker(uint32_t id);
// Wakes the target with that id, if it still exists. Called at most about a thousand times a second per ring.
void wake_by_id(uint32_t id);

}  // namespace weir
