// Flows in memory of exactly their size, so that a sanitizer sees whoever reads too far; cut and damaged at random.
#pragma once
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../../../native/app/flow_reading.h"

namespace weir {

// Numbers below 2^32 that are the same in every run (xorshift).
class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed) {}
  uint32_t below(size_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return limit == 0 ? 0 : state_ % static_cast<uint32_t>(limit);
  }

 private:
  uint32_t state_;
};

struct Message {
  size_t side;
  std::string bytes;
};

// A stream, of which a reader is shown the first events.
class ExactFlow {
 public:
  ExactFlow(const std::vector<Message>& sent, uint16_t server_port, size_t segment) {
    for (const Message& message : sent) {
      for (size_t at = 0; at < message.bytes.size(); at += segment) {
        const size_t length = std::min(segment, message.bytes.size() - at);
        events_.push_back({0, 0, static_cast<uint16_t>(length), static_cast<uint16_t>(message.side)});
      }
      whole_[message.side] += message.bytes;
    }
    flow_.server_port = server_port;
  }

  size_t events() const { return events_.size(); }

  const FlowBytes& first(size_t count, bool ended) {
    size_t lengths[2] = {0, 0};
    shown_.reset(new AppEvent[count]);
    for (size_t i = 0; i < count; i++) {
      shown_[i] = events_[i];
      lengths[events_[i].side] += events_[i].length;
    }
    for (const size_t side : {kClient, kServer}) {
      heads_[side].reset(new uint8_t[lengths[side]]);
      std::memcpy(heads_[side].get(), whole_[side].data(), lengths[side]);
      flow_.heads[side] = {heads_[side].get(), lengths[side]};
    }
    flow_.events = shown_.get();
    flow_.event_count = count;
    flow_.ended = ended;
    return flow_;
  }

 private:
  std::vector<AppEvent> events_;
  std::string whole_[2];
  std::unique_ptr<AppEvent[]> shown_;
  std::unique_ptr<uint8_t[]> heads_[2];
  FlowBytes flow_;
};

// A few bytes of it changed, cut, doubled or put in.
inline std::vector<Message> damaged(std::vector<Message> sent, Random& random) {
  for (uint32_t faults = 1 + random.below(3); faults > 0; faults--) {
    std::string& bytes = sent[random.below(sent.size())].bytes;
    const size_t at = random.below(bytes.size() + 1);
    switch (random.below(5)) {
      case 0: bytes.resize(at); break;
      case 1: bytes.erase(at, random.below(8)); break;
      case 2: bytes.insert(at, bytes.substr(at, random.below(64))); break;
      case 3: bytes.insert(at, 1, static_cast<char>(random.below(256))); break;
      default:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.below(8));
    }
  }
  return sent;
}

// Shows the flow event by event, asking at every one, until the reader wants no more.
template <class Reader>
Reading read_through(Reader& reader, ExactFlow& flow, Found& found) {
  for (size_t count = 1; count <= flow.events(); count++) {
    found.clear();
    const Reading reading = reader.read(flow.first(count, false), found);
    if (reading != Reading::kMore) return reading;
  }
  if (flow.events() == 0) return Reading::kOdd;
  found.clear();
  return reader.read(flow.first(flow.events(), true), found);
}

}  // namespace weir
