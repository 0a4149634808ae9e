#include "contact_table.h"

#include "../base/random.h"
#include "key_table.h"

namespace weir {

ContactTable::ContactTable(uint32_t host_words, uint32_t most, uint64_t seed)
    : host_words_(host_words), stride_(kHost + host_words), free_(kNoRow), rows_(untouched_zeros<uint32_t>(size_t{most} * stride_)), heads_(untouched_zeros<uint32_t>(kBuckets)) {
  Random random(seed);
  for (uint64_t& secret : secrets_) secret = random.next();
}

// Multiplication by secret odd numbers (Dietzfelbinger 1996): two keys meet in a bucket by chance only.
uint64_t ContactTable::hash_of(const Key& key) const {
  uint64_t sum = (key.source << 16 | key.port) * (secrets_[4] | 1);
  for (uint32_t word = 0; word < host_words_; ++word) sum += key.host[word] * (secrets_[word] | 1);
  return sum;
}

int32_t ContactTable::find(const Key& key, uint64_t hash) const {
  int32_t row = static_cast<int32_t>(head_of(hash)) - 1;
  while (row != kNoRow && !is_of(row, key)) row = static_cast<int32_t>(words_of(row)[kInBucket]);
  return row;
}

int32_t ContactTable::insert(const Key& key, uint64_t hash) {
  int32_t row = free_;
  if (row != kNoRow) {
    free_ = static_cast<int32_t>(words_of(row)[kInBucket]);
  } else {
    // Heads were read already, and of few contacts nearly each is on a page of its own.
    if (used_ == 0) touch_zeros(heads_.get(), kBuckets * sizeof(uint32_t));
    row = used_++;
  }
  uint32_t* const words = words_of(row);
  words[kSourceAndPort] = key.source << 16 | key.port;
  memcpy(words + kHost, key.host, host_words_ * sizeof(uint32_t));
  uint32_t& head = head_of(hash);
  words[kInBucket] = head - 1;
  head = static_cast<uint32_t>(row) + 1;
  ++size_;
  return row;
}

void ContactTable::drop(int32_t row) {
  uint32_t* const words = words_of(row);
  uint32_t& head = head_of(hash_of({words[kSourceAndPort] >> 16, words[kSourceAndPort] & 0xffff, words + kHost}));
  if (static_cast<int32_t>(head) - 1 == row) {
    head = words[kInBucket] + 1;
  } else {
    int32_t before = static_cast<int32_t>(head) - 1;
    while (static_cast<int32_t>(words_of(before)[kInBucket]) != row) before = static_cast<int32_t>(words_of(before)[kInBucket]);
    words_of(before)[kInBucket] = words[kInBucket];
  }
  words[kInBucket] = static_cast<uint32_t>(free_);
  free_ = row;
  --size_;
}

bool ContactTable::is_of(int32_t row, const Key& key) const {
  const uint32_t* const words = words_of(row);
  return words[kSourceAndPort] == (key.source << 16 | key.port) && memcmp(words + kHost, key.host, host_words_ * sizeof(uint32_t)) == 0;
}

}  // namespace weir
