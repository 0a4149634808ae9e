#include "ssh_offers.h"

#include "note_text.h"
#include "tables/ssh.h"

namespace weir {
namespace {

// Behind the number of the message.
constexpr size_t kCookieBytes = 16;
constexpr size_t kLongestName = 64;

// Lists of which one is chosen, as SshFacts of src/app/facts.ts names what is.
struct Choice {
  SshList list;
  std::string_view member;
};
constexpr Choice kChoices[] = {
    {kSshKex, "\"kex\":"},
    {kSshHostKey, ",\"host_key\":"},
    {kSshCipherToServer, ",\"cipher\":"},
    {kSshMacToServer, ",\"mac\":"},
    {kSshCompressionToServer, ",\"compression\":"},
};

// Of HASSH, for each side.
constexpr SshList kHasshLists[2][4] = {
    {kSshKex, kSshCipherToServer, kSshMacToServer, kSshCompressionToServer},
    {kSshKex, kSshCipherToClient, kSshMacToClient, kSshCompressionToClient},
};

// The names of a list, one after the other.
class Names {
 public:
  explicit Names(Bytes list) : left_(list.text()) {}

  bool next(std::string_view& name) {
    if (over_) return false;
    const size_t comma = left_.find(',');
    name = left_.substr(0, comma);
    over_ = comma == std::string_view::npos;
    if (!over_) left_.remove_prefix(comma + 1);
    return true;
  }

 private:
  std::string_view left_;
  bool over_ = false;
};

bool has_name(Bytes list, std::string_view wanted) {
  Names names(list);
  for (std::string_view name; names.next(name);) {
    if (name == wanted) return true;
  }
  return false;
}

bool is_obsolete(Bytes ciphers) {
  for (const std::string_view cipher : kObsoleteCiphers) {
    if (has_name(ciphers, cipher)) return true;
  }
  return false;
}

// The first of the client's list that the server has too; empty when there is none.
std::string_view chosen(Bytes client, Bytes server) {
  Names names(client);
  for (std::string_view name; names.next(name);) {
    if (!name.empty() && has_name(server, name)) return name.substr(0, kLongestName);
  }
  return {};
}

uint64_t hash_of(Bytes bytes) {
  uint64_t hash = bytes.length;
  size_t at = 0;
  for (uint64_t word = 0; at + sizeof(word) <= bytes.length; at += sizeof(word)) {
    std::memcpy(&word, bytes.data + at, sizeof(word));
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
  }
  for (; at < bytes.length; at++) hash = (hash ^ bytes[at]) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 32;
}

}  // namespace

SshOffer* SshOffers::find(size_t side, Bytes payload) {
  const Bytes bytes = payload.part(1 + kCookieBytes);
  if (bytes.length == 0 || bytes.length > kLongest) return nullptr;
  SshOffer& offer = slots_[side][hash_of(bytes) % kSlots];
  if (offer.number != 0 && bytes.text() == offer.bytes) return &offer;
  offer.number = 0;
  return read(side, bytes, offer) ? &offer : nullptr;
}

bool SshOffers::read(size_t side, Bytes bytes, SshOffer& offer) {
  offer.bytes = bytes.text();
  if (!read_lists(offer)) return false;
  text_.clear();
  for (const SshList list : kHasshLists[side]) {
    if (list != kSshKex) text_ += ';';
    text_ += offer.lists[list].text();
  }
  offer.hassh.clear();
  if (!digests_.put_md5(offer.hassh, text_)) return false;
  offer.is_obsolete = is_obsolete(offer.lists[side == kClient ? kSshCipherToServer : kSshCipherToClient]);
  offer.met = 0;
  offer.number = ++last_number_;
  return true;
}

bool SshOffers::read_lists(SshOffer& offer) {
  Cursor cursor({reinterpret_cast<const uint8_t*>(offer.bytes.data()), offer.bytes.size()});
  for (Bytes& list : offer.lists) {
    list = cursor.take(cursor.u32());
    if (cursor.overrun() || !is_plain_text(list)) return false;
    if (static_cast<size_t>(std::count(list.data, list.data + list.length, ',')) >= kMostNames) return false;
  }
  return true;
}

const std::string& SshOffers::negotiate(SshOffer& client, const SshOffer& server) {
  if (client.met == server.number) return client.choice;
  client.choice.clear();
  for (const auto& [list, member] : kChoices) {
    client.choice += member;
    const std::string_view name = chosen(client.lists[list], server.lists[list]);
    if (name.empty()) client.choice += "null";
    else put_json(client.choice, name);
  }
  client.met = server.number;
  return client.choice;
}

const std::string& SshOffers::nothing() {
  static const std::string text = "\"kex\":null,\"host_key\":null,\"cipher\":null,\"mac\":null,\"compression\":null";
  return text;
}

}  // namespace weir
