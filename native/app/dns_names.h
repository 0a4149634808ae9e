// Domain names on the wire (RFC 1035 sections 3.1 and 4.1.4), as src/app/dns-names.ts reads them, of letters that need no
// escape.
#pragma once
#include "dns_text.h"

namespace weir {

class DnsNames {
 public:
  // Of that message from now on.
  void over(Bytes message) { message_ = message; }

  // Puts the name at `at`, the root as `.`; `next` is where its bytes end. False when it is malformed or not plain.
  bool read(size_t at, DnsText& text, size_t& next) const;
  // Steps over the name at `at` without following pointers. False when it is not there in full.
  bool skip(size_t at, size_t& next) const;

 private:
  bool label(size_t at, size_t length, DnsText& text) const;

  Bytes message_;
};

// Small letters; other than letters stay.
inline char lower_of(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter; }
bool is_same_name(std::string_view a, std::string_view b);

}  // namespace weir
