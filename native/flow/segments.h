// What TCP segments that come in the expected order make of their flow's row, as src/flow/tcp.ts does it. Segments that are
// lost, repeated, out of order or odd are not for here.
#pragma once
#include <cstdint>

#include "../ring/layout.h"
#include "rows.h"

namespace weir {

enum class SegmentOrder : uint8_t {
  kOther,  // for src/flow/tcp.ts
  kPlain,  // continues its side's stream and tells nothing else new
  kStep,   // begins or ends its side's stream, or may change the connection's state
};

class Segments {
 public:
  Segments() = default;
  // `full`: rows have the second part of the cold half; `timed`: segments are timed for the RTT.
  Segments(bool full, bool timed) : full_(full), timed_(timed) {}

  // Changes nothing. Every segment that is not kOther may be taken in.
  SegmentOrder order_of(const Row& row, uint32_t side, const PacketRecord& record) const;
  void take(const Row& row, uint32_t side, const PacketRecord& record, SegmentOrder order) const;

 private:
  bool is_plain(const Row& row, uint32_t side, const PacketRecord& record) const;
  bool is_step(const Row& row, uint32_t side, const PacketRecord& record) const;
  void plain(const Row& row, uint32_t side, const PacketRecord& record) const;
  void step(const Row& row, uint32_t side, const PacketRecord& record) const;
  void measure(const Row& row, uint32_t side, const PacketRecord& record, uint32_t end, uint32_t time) const;
  void settle(const Row& row) const;

  bool full_ = false;
  bool timed_ = false;
};

}  // namespace weir
