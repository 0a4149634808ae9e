#include "answered_contacts.h"

#include <algorithm>
#include <cmath>

namespace weir {
namespace {

constexpr uint32_t kMostSources = 16'384;
// Latest contacts of one source.
constexpr uint32_t kMostContacts = 2048;
// Of all sources together: 6 MB of IPv4, 9 MB of IPv6.
constexpr uint32_t kMostHeld = 262'144;

}  // namespace

// One contact more than may be held: the oldest source goes after it, not a contact before.
AnsweredContacts::AnsweredContacts(uint64_t seed)
    : source_room_(5, kMostSources, seed),
      sources_(source_room_.table()),
      v4_(1, kMostHeld + 1, seed + 1),
      v6_(4, kMostHeld + 1, seed + 2) {}

void AnsweredContacts::add(const AddressWords& address, const AddressWords& host, uint32_t port, double at) {
  const int32_t source = obtain_source(address);
  if (at > of_source_[source].last_at) of_source_[source].last_at = at;
  ContactTable& table = table_of(source);
  const ContactTable::Key key{static_cast<uint32_t>(source), port & 0xffff, host.data()};
  const uint64_t hash = table.hash_of(key);
  const int32_t known = table.find(key, hash);
  const int32_t contact = known == kNoRow ? table.insert(key, hash) : known;
  table.set_at(contact, at);
  if (known != kNoRow) return;
  append(source, contact);
  if (of_source_[source].count >= 2 * kMostContacts) shrink(source);
  while (v4_.size() + v6_.size() > kMostHeld && sources_.size() > 1) drop_oldest_source();
}

int32_t AnsweredContacts::obtain_source(const AddressWords& address) {
  const uint32_t hash = sources_.hash_of(address.data());
  const int32_t known = sources_.find(address.data(), hash);
  if (known != kNoRow) {
    sources_.use(known);
    return known;
  }
  if (sources_.next_to_go() != kNoRow) drop_oldest_source();
  const int32_t source = sources_.insert(address.data(), hash);
  if (static_cast<size_t>(source) >= of_source_.size()) of_source_.resize(source + size_t{1});
  of_source_[source] = {};
  return source;
}

AnsweredContacts::Wanted AnsweredContacts::want(const AddressWords& source, const AddressWords& host, uint32_t port) const {
  const int32_t row = find(source);
  if (row == kNoRow) return {};
  const ContactTable& table = table_of(row);
  const uint64_t hash = table.hash_of({static_cast<uint32_t>(row), port & 0xffff, host.data()});
  table.want_head(hash);
  return {&table, hash};
}

void AnsweredContacts::expire(double now, double memory) {
  while (sources_.oldest() != kNoRow && now - of_source_[sources_.oldest()].last_at >= memory) drop_oldest_source();
}

uint32_t AnsweredContacts::count_of(int32_t source, const Question& question) const {
  const ContactTable& table = table_of(source);
  const size_t host_words = is_v4(source) ? 1 : 4;
  if (question.host != nullptr && (*question.host)[4] != sources_.key_of(source)[4]) return 0;
  uint32_t count = 0;
  for (int32_t row = of_source_[source].first; row != kNoRow; row = table.next_of_source(row)) {
    if (question.at - table.at(row) >= question.window) continue;
    if (question.port >= 0 && table.port_of(row) != static_cast<uint32_t>(question.port)) continue;
    if (question.host != nullptr && !std::equal(question.host->begin(), question.host->begin() + host_words, table.host_of(row))) continue;
    if (++count == question.most) break;
  }
  return count;
}

std::vector<AnsweredContacts::Latest> AnsweredContacts::latest_of(int32_t source, double at, double window, uint32_t most) const {
  const ContactTable& table = table_of(source);
  std::vector<Latest> latest;
  for (const int32_t row : latest_rows(source, at, window, most)) {
    Latest contact{{}, table.port_of(row), table.at(row)};
    std::copy_n(table.host_of(row), is_v4(source) ? 1 : 4, contact.host.begin());
    contact.host[4] = sources_.key_of(source)[4];
    latest.push_back(contact);
  }
  return latest;
}

void AnsweredContacts::append(int32_t source, int32_t contact) {
  Source& of = of_source_[source];
  ContactTable& table = table_of(source);
  table.set_next_of_source(contact, kNoRow);
  if (of.first == kNoRow) {
    of.first = contact;
  } else {
    table.set_next_of_source(of.last, contact);
  }
  of.last = contact;
  ++of.count;
}

// Forgets all but the latest contacts of a source.
void AnsweredContacts::shrink(int32_t source) {
  const std::vector<int32_t> kept = latest_rows(source, of_source_[source].last_at, INFINITY, kMostContacts);
  std::vector<int32_t> keeps = kept;
  std::sort(keeps.begin(), keeps.end());
  ContactTable& table = table_of(source);
  for (int32_t row = of_source_[source].first; row != kNoRow;) {
    const int32_t next = table.next_of_source(row);
    if (!std::binary_search(keeps.begin(), keeps.end(), row)) table.drop(row);
    row = next;
  }
  of_source_[source].first = kNoRow;
  of_source_[source].count = 0;
  for (const int32_t row : kept) append(source, row);
}

// The source goes, and its contacts with it.
void AnsweredContacts::forget(int32_t source) {
  ContactTable& table = table_of(source);
  for (int32_t row = of_source_[source].first; row != kNoRow;) {
    const int32_t next = table.next_of_source(row);
    table.drop(row);
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
  const ContactTable& table = table_of(source);
  std::vector<int32_t> rows;
  for (int32_t row = of_source_[source].first; row != kNoRow; row = table.next_of_source(row)) {
    if (at - table.at(row) < window) rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [&table](int32_t a, int32_t b) { return table.at(a) < table.at(b); });
  if (rows.size() > most) rows.erase(rows.begin(), rows.end() - most);
  return rows;
}

}  // namespace weir
