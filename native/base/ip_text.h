// IP addresses as text, RFC 5952 for IPv6. ip_text_posix.cc and ip_text_windows.cc.
#pragma once
#include <cstdint>
#include <string>

namespace weir {

// Into `address` (4 or 16 bytes, network order); false when the text is no address of that kind.
bool parse_ip(const std::string& text, bool ipv6, uint8_t* address);
std::string ip_text(const uint8_t* address, bool ipv6);

}  // namespace weir
