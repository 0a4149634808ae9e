// SSH: the plain case of src/app/ssh.ts. Both sides begin with their identification string of protocol 2 (RFC 4253 section
// 4.2, or 1.99 of section 5.1), each followed by its KEXINIT (section 7.1) in a binary packet (section 6). Servers that say
// other lines before, protocol 1, and packets before the KEXINIT are left to the parser.
#pragma once
#include "flow_reading.h"
#include "ssh_offers.h"

namespace weir {

class SshReader {
 public:
  // `found` is empty before.
  Reading read(const FlowBytes& flow, Found& found);

 private:
  // What one side has said so far.
  struct Side {
    // Without its end of line; empty while it has not ended.
    Bytes banner;
    // Null while the KEXINIT is not whole.
    SshOffer* offer = nullptr;
    // The side says nothing new before its head is so long.
    size_t need = 0;
  };

  bool read_side(Bytes head, size_t side, Side& read);
  static void tell(const Side& client, const Side& server, Found& found);

  SshOffers offers_;
};

}  // namespace weir
