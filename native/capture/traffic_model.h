// A profile of the generator: makes one frame after the other into buffers that it is given.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine_options.h"

namespace weir {

// Room for the largest generated frame. A model whose payloads are zeros writes headers only: what follows them stays zero.
constexpr size_t kGeneratedFrameBytes = 2048;

class TrafficModel {
 public:
  virtual ~TrafficModel() = default;
  // Writes the frame number `index` (from 0, in order) and returns its length.
  virtual size_t next(uint64_t index, uint8_t* frame) = 0;
};

// imix and small.
std::unique_ptr<TrafficModel> make_connection_model(const GeneratorSpec& spec);
std::unique_ptr<TrafficModel> make_flood_model(const GeneratorSpec& spec);
std::unique_ptr<TrafficModel> make_collision_model(const GeneratorSpec& spec);
std::unique_ptr<TrafficModel> make_mixed_model(const GeneratorSpec& spec);
std::unique_ptr<TrafficModel> make_apps_model(const GeneratorSpec& spec);

}  // namespace weir
