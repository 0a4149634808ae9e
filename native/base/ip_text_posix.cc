#include <arpa/inet.h>

#include "ip_text.h"

namespace weir {

bool parse_ip(const std::string& text, bool ipv6, uint8_t* address) { return inet_pton(ipv6 ? AF_INET6 : AF_INET, text.c_str(), address) == 1; }

std::string ip_text(const uint8_t* address, bool ipv6) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(ipv6 ? AF_INET6 : AF_INET, address, text, sizeof text);
  return text;
}

}  // namespace weir
