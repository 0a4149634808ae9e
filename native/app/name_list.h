// Names for the main thread, as bytes: the list of src/flow/name-list.ts.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>

#include "flow_reading.h"

namespace weir {

// A name that a flow has told.
struct ToldName {
  LearnedName learned;
  double at_ns = 0;
  uint8_t client[16] = {};
  uint8_t client_bytes = 4;
};

constexpr size_t kNameHeadBytes = 16;

inline size_t listed_bytes(const ToldName& told) {
  return kNameHeadBytes + told.client_bytes + told.learned.address.size() + told.learned.name.size();
}

// Returns the place behind it. Names of DNS are far shorter than their length can say.
inline uint8_t* put_listed(uint8_t* at, const ToldName& told) {
  const auto put = [&at](const void* from, size_t bytes) {
    std::memcpy(at, from, bytes);
    at += bytes;
  };
  const LearnedName& learned = told.learned;
  const uint8_t address_bytes = static_cast<uint8_t>(learned.address.size());
  const uint16_t name_bytes = static_cast<uint16_t>(learned.name.size());
  put(&told.at_ns, sizeof told.at_ns);
  put(&learned.ttl, sizeof learned.ttl);
  put(&told.client_bytes, 1);
  put(&address_bytes, 1);
  put(&name_bytes, sizeof name_bytes);
  put(told.client, told.client_bytes);
  put(learned.address.data(), address_bytes);
  put(learned.name.data(), name_bytes);
  return at;
}

}  // namespace weir
