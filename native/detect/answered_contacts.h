// Which contacts of each source were answered: what src/detect/state/answered-contacts.ts says, for the walk through a
// tick's entries, which remembers one for nearly every flow.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "contact_table.h"
#include "key_table.h"

namespace weir {

// As keys of rules have them: four words of an address, and its version, 4 or 6.
using AddressWords = std::array<uint32_t, 5>;

class AnsweredContacts {
 public:
  // A question about the contacts of one source in a window that ends at `at`.
  struct Question {
    double at;
    double window;
    uint32_t most;
    // Only contacts of this host, of this port; null and -1: of any.
    const AddressWords* host;
    int32_t port;
  };
  struct Latest {
    AddressWords host;
    uint32_t port;
    double at;
  };

  explicit AnsweredContacts(uint64_t seed);

  // The contact that `source` made at `at` was answered.
  void add(const AddressWords& source, const AddressWords& host, uint32_t port, double at);
  // What `add` will need memory of; `table` is null when that is not known.
  struct Wanted {
    const ContactTable* table = nullptr;
    uint64_t hash = 0;

    // Asks for it, when the first part has had its time: a hint.
    void want_rest() const {
      if (table != nullptr) table->want_row(hash);
    }
  };
  // Asks for the first part of it.
  Wanted want(const AddressWords& source, const AddressWords& host, uint32_t port) const;
  // Forgets sources without an answer for `memory`.
  void expire(double now, double memory);

  // A source's number as long as it is not forgotten, or kNoRow.
  int32_t find(const AddressWords& source) const { return sources_.find(source.data(), sources_.hash_of(source.data())); }
  // Whether that is the number of a source; the others need one.
  bool is_source(int32_t source) const { return source >= 0 && static_cast<size_t>(source) < of_source_.size(); }
  uint32_t size_of(int32_t source) const { return of_source_[source].count; }
  double last_at_of(int32_t source) const { return of_source_[source].last_at; }
  // Different contacts, at most `most`.
  uint32_t count_of(int32_t source, const Question& question) const;
  // The `most` latest contacts, oldest first.
  std::vector<Latest> latest_of(int32_t source, double at, double window, uint32_t most) const;

 private:
  struct Source {
    int32_t first = kNoRow;
    int32_t last = kNoRow;
    uint32_t count = 0;
    double last_at = 0;
  };

  // Of the version of a source's address, which is that of its hosts.
  ContactTable& table_of(int32_t source) { return is_v4(source) ? v4_ : v6_; }
  const ContactTable& table_of(int32_t source) const { return is_v4(source) ? v4_ : v6_; }
  bool is_v4(int32_t source) const { return sources_.key_of(source)[4] == 4; }
  int32_t obtain_source(const AddressWords& address);
  void append(int32_t source, int32_t contact);
  void shrink(int32_t source);
  void forget(int32_t source);
  void drop_oldest_source();
  std::vector<int32_t> latest_rows(int32_t source, double at, double window, uint32_t most) const;

  KeyTableRoom source_room_;
  KeyTable sources_;
  ContactTable v4_;
  ContactTable v6_;
  std::vector<Source> of_source_;
};

}  // namespace weir
