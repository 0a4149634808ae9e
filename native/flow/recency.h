// The lists of flows by timeout class of src/flow/recency.ts, over the same memory: least recently moved first, -1 = none.
#pragma once
#include <cstdint>

#include "rows.h"

namespace weir {

struct RecencyLists {
  int32_t* head = nullptr;  // kListCount of each
  int32_t* tail = nullptr;

  // `list` < kListCount, and the row's own list too. A link that leads out of the rows is not followed.
  void move(const Rows& rows, size_t slot, uint32_t list) const {
    remove(rows, slot);
    append(rows, slot, list);
  }

  void append(const Rows& rows, size_t slot, uint32_t list) const {
    uint8_t* const hot = rows.hot_of(slot);
    const int32_t last = tail[list];
    put<int32_t>(hot, kRowListPrev, last);
    put<int32_t>(hot, kRowListNext, -1);
    if (rows.has(last)) {
      put<int32_t>(rows.hot_of(static_cast<size_t>(last)), kRowListNext, static_cast<int32_t>(slot));
    } else {
      head[list] = static_cast<int32_t>(slot);
    }
    tail[list] = static_cast<int32_t>(slot);
    hot[kRowList] = static_cast<uint8_t>(list);
  }

 private:
  void remove(const Rows& rows, size_t slot) const {
    const uint8_t* const hot = rows.hot_of(slot);
    const int32_t previous = get<int32_t>(hot, kRowListPrev);
    const int32_t next = get<int32_t>(hot, kRowListNext);
    const uint32_t list = hot[kRowList];
    if (rows.has(previous)) {
      put<int32_t>(rows.hot_of(static_cast<size_t>(previous)), kRowListNext, next);
    } else {
      head[list] = next;
    }
    if (rows.has(next)) {
      put<int32_t>(rows.hot_of(static_cast<size_t>(next)), kRowListPrev, previous);
    } else {
      tail[list] = previous;
    }
  }
};

}  // namespace weir
