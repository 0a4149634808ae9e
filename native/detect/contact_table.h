// Contacts of sources: (source, host, port) and when it was last attempted. There may be hundreds of thousands, and most of
// what one costs is memory that is touched for the first time, so a row is as short as its addresses allow.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../base/untouched_memory.h"

namespace weir {

class ContactTable {
 public:
  struct Key {
    // Below 65,536, as the port.
    uint32_t source;
    uint32_t port;
    const uint32_t* host;
  };

  // Hosts of `host_words` words, at most `most` rows. `seed`: a number that nobody else knows.
  ContactTable(uint32_t host_words, uint32_t most, uint64_t seed);

  uint32_t size() const { return size_; }
  uint64_t hash_of(const Key& key) const;
  // `hash`: of the key. kNoRow when it is not there.
  int32_t find(const Key& key, uint64_t hash) const;
  // Ask for the memory that `find` needs: hints, the second one when the first has had its time.
  void want_head(uint64_t hash) const { __builtin_prefetch(&head_of(hash)); }
  void want_row(uint64_t hash) const {
    const uint32_t head = head_of(hash);
    if (head != 0) __builtin_prefetch(words_of(static_cast<int32_t>(head) - 1));
  }
  // A row for a key that is not there; there must be room.
  int32_t insert(const Key& key, uint64_t hash);
  void drop(int32_t row);

  const uint32_t* host_of(int32_t row) const { return words_of(row) + kHost; }
  uint32_t port_of(int32_t row) const { return words_of(row)[kSourceAndPort] & 0xffff; }
  double at(int32_t row) const {
    double at;
    memcpy(&at, words_of(row), sizeof at);
    return at;
  }
  void set_at(int32_t row, double at) { memcpy(words_of(row), &at, sizeof at); }
  // The next contact of the same source.
  int32_t next_of_source(int32_t row) const { return static_cast<int32_t>(words_of(row)[kOfSource]); }
  void set_next_of_source(int32_t row, int32_t next) { words_of(row)[kOfSource] = static_cast<uint32_t>(next); }

 private:
  // Words of a row behind the two of its moment: the next one of its bucket, or of those that are free.
  enum Word : uint32_t { kInBucket = 2, kOfSource, kSourceAndPort, kHost };
  // One for each row that there may be: most contacts are new, and an empty bucket says so without looking at a row.
  static constexpr uint32_t kBucketBits = 18;
  static constexpr uint32_t kBuckets = 1 << kBucketBits;

  uint32_t* words_of(int32_t row) const { return rows_.get() + static_cast<size_t>(row) * stride_; }
  // Row + 1.
  uint32_t& head_of(uint64_t hash) const { return heads_.get()[hash >> (64 - kBucketBits)]; }
  bool is_of(int32_t row, const Key& key) const;

  uint32_t host_words_;
  uint32_t stride_;
  uint32_t size_ = 0;
  int32_t used_ = 0;
  int32_t free_;
  uint64_t secrets_[5];
  UntouchedMemory<uint32_t> rows_;
  UntouchedMemory<uint32_t> heads_;
};

}  // namespace weir
