// By the functions of ntdll, asked for by name: inet_pton would tie the addon to ws2_32.
#include <windows.h>

#include <cstring>

#include "ip_text.h"

namespace weir {
namespace {

template <typename Function>
Function ntdll_function(const char* name) {
  return reinterpret_cast<Function>(reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name)));
}

}  // namespace

bool parse_ip(const std::string& text, bool ipv6, uint8_t* address) {
  const char* end = nullptr;
  LONG status = -1;
  if (ipv6) {
    using Parse = LONG(NTAPI*)(PCSTR, PCSTR*, void*);
    static const Parse parse = ntdll_function<Parse>("RtlIpv6StringToAddressA");
    if (parse != nullptr) status = parse(text.c_str(), &end, address);
  } else {
    using Parse = LONG(NTAPI*)(PCSTR, BOOLEAN, PCSTR*, void*);
    static const Parse parse = ntdll_function<Parse>("RtlIpv4StringToAddressA");
    if (parse != nullptr) status = parse(text.c_str(), TRUE, &end, address);
  }
  return status == 0 && end != nullptr && *end == '\0';
}

std::string ip_text(const uint8_t* address, bool ipv6) {
  using Format = PSTR(NTAPI*)(const void*, PSTR);
  static const Format format4 = ntdll_function<Format>("RtlIpv4AddressToStringA");
  static const Format format6 = ntdll_function<Format>("RtlIpv6AddressToStringA");
  const Format format = ipv6 ? format6 : format4;
  char text[64] = "";
  if (format != nullptr) format(address, text);
  return text;
}

}  // namespace weir
