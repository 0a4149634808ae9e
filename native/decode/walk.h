// The decoder's position in a frame while it goes from header to header.
//
//   bytes            at                     limit()        captured         end
//   |--- decoded ----|-- may be read -------|              |                |
//
// `end` is where the enclosing protocol says that its payload ends, counted on the wire, so it can lie beyond what was
// captured. Nothing is ever read at or past limit() = min(captured, end): every step asks need() or have() once and
// reads afterwards.
#pragma once
#include <cstdint>

#include "../ring/layout.h"
#include "bytes.h"

namespace weir {

// What a link or tunnel header leads to.
enum class Next : uint8_t {
  kIp,        // walk.at is at an IP header of either version
  kNotFlow,   // walk.not_flow says what it is
  kRejected,  // walk.reason, needed, available
};

// Headers between two IP layers (tags, labels, pseudowires, PPP, bridged frames) that are followed at most: real stacks
// have fewer than ten, deliberate ones are known with a hundred. Bounds the recursion to about 20 KB of stack.
constexpr int kMaxLinkHeaders = 128;
constexpr int kMaxVlanTags = 8;

// The link headers in front of the next IP layer.
struct LinkFacts {
  uint8_t src_mac[6];
  uint8_t dst_mac[6];
  uint16_t tci[2];
  uint16_t flags;  // RecordFlag::kMpls, kPppoe
  uint8_t vlan_depth;
  uint8_t headers;
};

struct Walk {
  const uint8_t* bytes;
  uint32_t captured;
  uint32_t end;
  uint32_t at;
  LinkFacts link;
  Reject reason;
  NotFlow not_flow;
  bool at_arp;  // walk.at is at an ARP message, which is no flow
  uint32_t needed;
  uint32_t available;

  const uint8_t* here() const { return bytes + at; }
  uint32_t limit() const { return captured < end ? captured : end; }
  uint32_t left() const { return limit() > at ? limit() - at : 0; }
  bool have(uint32_t count) const { return left() >= count; }

  Next reject(Reject why, uint32_t need_bytes) {
    reason = why;
    needed = need_bytes;
    available = left();
    return Next::kRejected;
  }

  bool need(uint32_t count, Reject why) {
    if (have(count)) return true;
    reject(why, count);
    return false;
  }

  Next is_not_flow(NotFlow kind) {
    not_flow = kind;
    return Next::kNotFlow;
  }

  // The payload ends `length` bytes from here, unless something outside ends earlier.
  void shorten(uint32_t length) {
    if (at <= end && length < end - at) end = at + length;
  }

  bool enter_header() { return ++link.headers <= kMaxLinkHeaders; }
};

}  // namespace weir
