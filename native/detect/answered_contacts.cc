#include "answered_contacts.h"

#include <algorithm>
#include <cmath>

namespace weir {
namespace {

constexpr uint32_t kMostSources = 16'384;
// Latest contacts of one source.
constexpr uint32_t kMostContacts = 2048;
// Of all sources together: about 15 MB.
constexpr uint32_t kMostHeld = 262'144;
// In the key of a contact.
constexpr size_t kHost = 1;
constexpr size_t kPort = 6;

}  // namespace

// One contact more than may be held: the oldest source goes after it, not a contact before.
AnsweredContacts::AnsweredContacts(uint64_t seed)
    : source_room_(5, kMostSources, seed),
      contact_room_(7, kMostHeld + 1, seed + 1),
      sources_(source_room_.table()),
      contacts_(contact_room_.table()) {
  // Takes no memory yet, and is never copied.
  of_contact_.reserve(kMostHeld + 1);
}

int32_t AnsweredContacts::obtain(KeyTable& table, const uint32_t* key, bool& fresh) {
  const uint32_t hash = table.hash_of(key);
  const int32_t row = table.find(key, hash);
  fresh = row == kNoRow;
  if (fresh) return table.insert(key, hash);
  table.use(row);
  return row;
}

void AnsweredContacts::add(const AddressWords& source_words, const AddressWords& host, uint32_t port, double at) {
  bool fresh = false;
  const int32_t going = sources_.next_to_go();
  if (going != kNoRow && find(source_words) == kNoRow) drop_oldest_source();
  const int32_t source = obtain(sources_, source_words.data(), fresh);
  if (static_cast<size_t>(source) >= of_source_.size()) of_source_.resize(source + size_t{1});
  if (fresh) of_source_[source] = {};
  if (at > of_source_[source].last_at) of_source_[source].last_at = at;
  const ContactKey key = key_of(source, host, port);
  const int32_t contact = obtain(contacts_, key.data(), fresh);
  if (static_cast<size_t>(contact) >= of_contact_.size()) of_contact_.resize(contact + size_t{1});
  of_contact_[contact].at = at;
  if (!fresh) return;
  append(source, contact);
  if (of_source_[source].count >= 2 * kMostContacts) shrink(source);
  while (contacts_.size() > kMostHeld && sources_.size() > 1) drop_oldest_source();
}

void AnsweredContacts::want(const AddressWords& source, const AddressWords& host, uint32_t port) const {
  const int32_t row = find(source);
  if (row != kNoRow) contacts_.want_head(contacts_.hash_of(key_of(row, host, port).data()));
}

AnsweredContacts::ContactKey AnsweredContacts::key_of(int32_t source, const AddressWords& host, uint32_t port) {
  ContactKey key;
  key[0] = static_cast<uint32_t>(source);
  std::copy(host.begin(), host.end(), key.begin() + kHost);
  key[kPort] = port;
  return key;
}

void AnsweredContacts::expire(double now, double memory) {
  while (sources_.oldest() != kNoRow && now - of_source_[sources_.oldest()].last_at >= memory) drop_oldest_source();
}

uint32_t AnsweredContacts::count_of(int32_t source, const Question& question) const {
  uint32_t count = 0;
  for (int32_t row = of_source_[source].first; row != kNoRow; row = of_contact_[row].next) {
    if (question.at - of_contact_[row].at >= question.window) continue;
    const uint32_t* const key = contacts_.key_of(row);
    if (question.port >= 0 && key[kPort] != static_cast<uint32_t>(question.port)) continue;
    if (question.host != nullptr && !std::equal(question.host->begin(), question.host->end(), key + kHost)) continue;
    if (++count == question.most) break;
  }
  return count;
}

std::vector<AnsweredContacts::Latest> AnsweredContacts::latest_of(int32_t source, double at, double window, uint32_t most) const {
  std::vector<Latest> latest;
  for (const int32_t row : latest_rows(source, at, window, most)) {
    const uint32_t* const key = contacts_.key_of(row);
    Latest contact{{}, key[kPort], of_contact_[row].at};
    std::copy(key + kHost, key + kPort, contact.host.begin());
    latest.push_back(contact);
  }
  return latest;
}

void AnsweredContacts::append(int32_t source, int32_t contact) {
  Source& of = of_source_[source];
  of_contact_[contact].next = kNoRow;
  (of.first == kNoRow ? of.first : of_contact_[of.last].next) = contact;
  of.last = contact;
  ++of.count;
}

// Forgets all but the latest contacts of a source.
void AnsweredContacts::shrink(int32_t source) {
  const std::vector<int32_t> kept = latest_rows(source, of_source_[source].last_at, INFINITY, kMostContacts);
  std::vector<int32_t> keeps = kept;
  std::sort(keeps.begin(), keeps.end());
  for (int32_t row = of_source_[source].first; row != kNoRow;) {
    const int32_t next = of_contact_[row].next;
    if (!std::binary_search(keeps.begin(), keeps.end(), row)) contacts_.drop(row);
    row = next;
  }
  of_source_[source].first = kNoRow;
  of_source_[source].count = 0;
  for (const int32_t row : kept) append(source, row);
}

// The source goes, and its contacts with it.
void AnsweredContacts::forget(int32_t source) {
  for (int32_t row = of_source_[source].first; row != kNoRow;) {
    const int32_t next = of_contact_[row].next;
    contacts_.drop(row);
    row = next;
  }
}

void AnsweredContacts::drop_oldest_source() {
  const int32_t source = sources_.oldest();
  forget(source);
  sources_.drop(source);
}

// Oldest first; of equal times in the order in which they were made.
std::vector<int32_t> AnsweredContacts::latest_rows(int32_t source, double at, double window, uint32_t most) const {
  std::vector<int32_t> rows;
  for (int32_t row = of_source_[source].first; row != kNoRow; row = of_contact_[row].next) {
    if (at - of_contact_[row].at < window) rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [this](int32_t a, int32_t b) { return of_contact_[a].at < of_contact_[b].at; });
  if (rows.size() > most) rows.erase(rows.begin(), rows.end() - most);
  return rows;
}

}  // namespace weir
