// How a connection's row begins with its SYN, as src/flow/lives.ts and src/flow/opening.ts do it. Every other first packet is
// left to them, and so is every bound that a flow may hit.
#pragma once
#include <cstdint>

#include "../ring/layout.h"
#include "recency.h"
#include "rows.h"

namespace weir {

// What a table keeps beside its rows.
struct TableMemory {
  double* tally = nullptr;      // kShardCounter…
  double* protocols = nullptr;  // packets and bytes of 256 protocols
  double* at_tick = nullptr;    // bytes and packets of each row when its tick began, or null: nobody asks
  int32_t* words = nullptr;     // kTable…
  double active_timeout = 0;    // ns between interim records; 0 = there are none

  RecencyLists lists() const { return {words + kTableListHeads, words + kTableListTails}; }
};

// True for a SYN that is nothing else: the row that it opens takes it in.
bool is_opening(const PacketRecord& record);

// A row for the flow of the SYN, in every list and in the index, its counters 0; -1 where there is no room at hand, and nothing
// has changed. `key`: protocol | role << 8; `due` becomes the time of the next interim record if that is the flow's.
int64_t open_row(Rows& rows, const TableMemory& memory, const PacketRecord& record, uint32_t key, double& due);

// The first packet that `side` sends: its address on the link and its TTL.
void first_of_side(const Row& row, uint32_t side, const PacketRecord& record);

}  // namespace weir
