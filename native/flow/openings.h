// How a flow's row begins with a SYN or a datagram, as src/flow/lives.ts and src/flow/opening.ts do it. Every other first
// packet is left to them, and so is every bound that a flow may hit.
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

// What a first packet tells of its flow.
struct Opening {
  uint8_t list = kListCount;  // kListCount: it opens none here
  uint8_t reason = kReasonFirstPacket;
  uint8_t client = 0;        // endpoint that is taken for the client, 0 = A
  uint16_t server_port = 0;  // of the other one

  bool exists() const { return list != kListCount; }
};

// Of a SYN that is nothing else (the row that it opens takes it in), or of a whole datagram with ports.
Opening opening_of(const PacketRecord& record);

// The row that the next flow gets, or -1.
int64_t next_row(const Rows& rows, const TableMemory& memory);

// A row for the flow, in every list and in the index, its counters 0; -1 where there is no room at hand, and nothing has
// changed. `key`: protocol | role << 8; `due` becomes the time of the next interim record if that is the flow's.
int64_t open_row(Rows& rows, const TableMemory& memory, const PacketRecord& record, uint32_t key, const Opening& opening, double& due);

// The first packet that `side` sends: its address on the link and its TTL.
void first_of_side(const Row& row, uint32_t side, const PacketRecord& record);

}  // namespace weir
