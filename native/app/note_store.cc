#include "note_store.h"

#include <cstring>
#include <functional>

namespace weir {

int32_t SharedTexts::number_of(std::string_view text) {
  if (text.size() < kShortest || text.size() > kLongest) return -1;
  key_.assign(text);
  const auto found = numbers_.find(key_);
  if (found != numbers_.end()) return static_cast<int32_t>(found->second);
  const size_t hash = std::hash<std::string>()(key_);
  if (seen_[hash % kSeen] != hash) {
    seen_[hash % kSeen] = hash;
    return -1;
  }
  if (texts_.size() == kMostTexts || bytes_ + text.size() > kMostBytes) return -1;
  const auto added = numbers_.emplace(key_, static_cast<uint32_t>(texts_.size())).first;
  texts_.push_back(&added->first);
  bytes_ += text.size();
  return static_cast<int32_t>(added->second);
}

void NoteStore::set(size_t slot, std::string_view text, const std::vector<std::pair<size_t, size_t>>& shared) {
  scratch_.clear();
  size_t from = 0;
  for (const auto& [begin, end] : shared) {
    const int32_t number = shared_.number_of(text.substr(begin, end - begin));
    if (number < 0) continue;
    scratch_.append(text.substr(from, begin - from));
    scratch_ += kMark;
    scratch_ += static_cast<char>(number & 0xff);
    scratch_ += static_cast<char>(number >> 8);
    from = end;
  }
  scratch_.append(text.substr(from));
  const size_t length = scratch_.size();
  bytes_ += length;
  Place& place = places_[slot];
  place.length = static_cast<uint32_t>(length);
  if (units_for(length) > kMostUnits) {
    place.unit = kLong;
    long_[slot] = scratch_;
    return;
  }
  const uint32_t unit = take(units_for(length));
  std::memcpy(at(unit), scratch_.data(), length);
  place.unit = unit + 1;
}

void NoteStore::append_to(std::string& out, size_t slot) const {
  const std::string_view text = encoded(slot);
  size_t from = 0;
  for (;;) {
    const size_t mark = text.find(kMark, from);
    out.append(text.substr(from, mark == std::string_view::npos ? mark : mark - from));
    if (mark == std::string_view::npos) return;
    out.append(shared_.text(static_cast<uint8_t>(text[mark + 1]) | static_cast<uint32_t>(static_cast<uint8_t>(text[mark + 2])) << 8));
    from = mark + 3;
  }
}

void NoteStore::drop(size_t slot) {
  Place& place = places_[slot];
  if (place.unit == 0) return;
  bytes_ -= place.length;
  if (place.unit == kLong) long_.erase(slot);
  else free_[units_for(place.length)].push_back(place.unit - 1);
  place.unit = 0;
}

std::string_view NoteStore::encoded(size_t slot) const {
  const Place& place = places_[slot];
  if (place.unit == 0) return {};
  if (place.unit == kLong) return long_.at(slot);
  return {at(place.unit - 1), place.length};
}

// The first of so many units in a row.
uint32_t NoteStore::take(size_t units) {
  std::vector<uint32_t>& free = free_[units];
  if (!free.empty()) {
    const uint32_t unit = free.back();
    free.pop_back();
    return unit;
  }
  if (next_ % kUnitsPerSlab + units > kUnitsPerSlab || next_ == slabs_.size() * kUnitsPerSlab) {
    next_ = static_cast<uint32_t>(slabs_.size() * kUnitsPerSlab);
    slabs_.push_back(reinterpret_cast<char*>(arena_.take(kSlab)));
  }
  const uint32_t unit = next_;
  next_ += static_cast<uint32_t>(units);
  return unit;
}

}  // namespace weir
