// What the sides of SSH connections offer in their KEXINIT (RFC 4253 section 7.1), what follows from it (HASSH), and what two
// of them agree upon: src/app/ssh-offer.ts. A program offers the same in each of its connections, so that the last offers
// are remembered by their bytes.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bytes.h"
#include "digests.h"
#include "flow_reading.h"

namespace weir {

enum SshList : size_t {
  kSshKex,
  kSshHostKey,
  kSshCipherToServer,
  kSshCipherToClient,
  kSshMacToServer,
  kSshMacToClient,
  kSshCompressionToServer,
  kSshCompressionToClient,
  kSshLists
};

struct SshOffer {
  // What stands behind the cookie. The lists are parts of it.
  std::string bytes;
  Bytes lists[kSshLists];
  // Of the direction in which its side sends: hexadecimal digits, and whether an obsolete cipher is among the ciphers.
  std::string hassh;
  bool is_obsolete = false;
  // No other offer has had it; 0 when there is none.
  uint64_t number = 0;
  // Of a client: the server's offer that it met last, and what came of it.
  uint64_t met = 0;
  std::string choice;
};

class SshOffers {
 public:
  SshOffers() : slots_{std::vector<SshOffer>(kSlots), std::vector<SshOffer>(kSlots)} {}
  SshOffers(const SshOffers&) = delete;
  SshOffers& operator=(const SshOffers&) = delete;

  // The offer in the payload of that side's KEXINIT, until the next one of that side is asked for; null when it is not
  // plain.
  SshOffer* find(size_t side, Bytes payload);
  // What both will use, as members of JSON from `kex` to `compression`.
  static const std::string& negotiate(SshOffer& client, const SshOffer& server);
  // As if nothing had been agreed.
  static const std::string& nothing();

 private:
  static constexpr size_t kSlots = 128;
  // Real ones have some 1,500 bytes, and some 15 names in a list.
  static constexpr size_t kLongest = 4096;
  static constexpr size_t kMostNames = 64;

  bool read(size_t side, Bytes bytes, SshOffer& offer);
  static bool read_lists(SshOffer& offer);

  std::vector<SshOffer> slots_[2];
  uint64_t last_number_ = 0;
  std::string text_;
  Digests digests_;
};

}  // namespace weir
