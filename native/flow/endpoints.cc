#include "endpoints.h"

#include "../decode/protocols.h"
#include "history.h"

namespace weir {
namespace {

uint32_t state_of(const Row& row, uint32_t side) { return row.cold[kRowZeekA + side]; }

void set_state(const Row& row, uint32_t side, uint32_t state) {
  row.cold[kRowZeekBeforeA + side] = row.cold[kRowZeekA + side];
  row.cold[kRowZeekA + side] = static_cast<uint8_t>(state);
}

bool is_running(uint32_t state) { return state == kZeekEstablished || state == kZeekPartial; }

void first_segment(const Row& row, uint32_t side, uint8_t flags, uint32_t length) {
  const bool from_client = is_client(row, side);
  const uint32_t peer = state_of(row, side ^ 1);
  uint32_t next = kZeekInactive;
  if ((flags & kTcpSyn) != 0) {
    if (from_client) {
      next = (flags & kTcpAck) != 0 ? kZeekSynAckSent : peer == kZeekEstablished ? kZeekEstablished : kZeekSynSent;
    } else {
      if (peer == kZeekSynSent) set_state(row, side ^ 1, kZeekEstablished);
      next = kZeekEstablished;
    }
  }
  if ((flags & kTcpFin) != 0) next = kZeekClosed;
  if ((flags & kTcpRst) != 0) next = kZeekReset;
  if (next == kZeekInactive) {
    // Some stacks acknowledge a SYN before they answer it; that makes no partial connection.
    if (!from_client && length == 0 && peer == kZeekSynSent) return;
    next = (flags & kTcpAck) != 0 && peer == kZeekEstablished ? kZeekEstablished : kZeekPartial;
  }
  set_state(row, side, next);
}

void running_segment(const Row& row, uint32_t side, uint8_t flags, uint32_t state) {
  const uint32_t peer = state_of(row, side ^ 1);
  if ((flags & (kTcpSyn | kTcpAck)) == kTcpSyn && state == kZeekPartial && peer == kZeekInactive) set_state(row, side, kZeekSynSent);
  if ((flags & (kTcpFin | kTcpRst)) == kTcpFin) {
    set_state(row, side, kZeekClosed);
    // The peer's RST came behind its own FIN: with this FIN it was a normal end.
    if (peer == kZeekReset && row.cold[kRowZeekBeforeA + (side ^ 1)] == kZeekClosed) set_state(row, side ^ 1, kZeekClosed);
  }
  if ((flags & kTcpRst) != 0) set_state(row, side, kZeekReset);
}

bool is_acknowledged(const Row& row, uint32_t side) {
  return static_cast<int32_t>(get<uint32_t>(row.hot, kRowLastAckA + 4 * side) - get<uint32_t>(row.cold, kRowFinSeqA + 4 * (side ^ 1))) >= 0;
}

}  // namespace

void move_endpoints(const Row& row, uint32_t side, uint8_t flags, uint32_t length) {
  const uint32_t state = state_of(row, side);
  if (state == kZeekInactive) {
    first_segment(row, side, flags, length);
  } else if (state == kZeekSynSent || state == kZeekSynAckSent) {
    if ((flags & kTcpFin) != 0) set_state(row, side, kZeekClosed);
    if ((flags & kTcpRst) != 0) set_state(row, side, kZeekReset);
  } else if (is_running(state)) {
    running_segment(row, side, flags, state);
  } else if (state == kZeekClosed && (flags & kTcpRst) != 0 && state_of(row, side ^ 1) != kZeekClosed) {
    set_state(row, side, kZeekReset);
  }
}

void advance_connection(const Row& row, uint32_t side, uint8_t flags) {
  const uint32_t state = row.hot[kRowTcpState];
  uint32_t next = state;
  if ((flags & kTcpSyn) != 0) {
    if ((flags & kTcpAck) != 0 && state <= kTcpStateSynSent) {
      next = kTcpStateSynAck;
    } else if (state == kTcpStateUnknown) {
      next = kTcpStateSynSent;
    }
  } else if (state == kTcpStateSynAck && (flags & (kTcpAck | kTcpRst)) == kTcpAck && is_client(row, side)) {
    next = kTcpStateEstablished;
  }
  if (next != kTcpStateUnknown) {
    if ((flags & kTcpRst) != 0) {
      next = kTcpStateReset;
    } else if ((flags & kTcpFin) != 0 && next < kTcpStateClosed) {
      next = (row.hot[kRowTcpFlagsA + (side ^ 1)] & kTcpFin) != 0 ? kTcpStateClosed : kTcpStateFinWait;
    }
    if (next == kTcpStateClosed && is_acknowledged(row, 0) && is_acknowledged(row, 1)) next = kTcpStateTimeWait;
  }
  row.hot[kRowTcpState] = static_cast<uint8_t>(next);
}

bool is_quiet(const Row& row) {
  if (!is_running(state_of(row, 0)) || !is_running(state_of(row, 1))) return false;
  const uint32_t state = row.hot[kRowTcpState];
  return state == kTcpStateEstablished || state == kTcpStateUnknown;
}

}  // namespace weir
