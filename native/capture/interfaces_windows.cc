// By GetAdaptersAddresses of iphlpapi, asked for by name: the addon itself imports the kernel and the C runtime only.
#include <winsock2.h>
#include <ws2tcpip.h>

#include <iphlpapi.h>
#include <windows.h>

#include <algorithm>
#include <cstdio>

#include "../base/ip_text.h"
#include "../base/wide_text.h"
#include "interfaces.h"

namespace weir {
namespace {

using GetAdapters = ULONG(WINAPI*)(ULONG, ULONG, PVOID, PIP_ADAPTER_ADDRESSES, PULONG);

constexpr int kTries = 4;

GetAdapters adapters_function() {
  const HMODULE module = LoadLibraryExW(L"iphlpapi.dll", nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32);
  if (module == nullptr) return nullptr;
  return reinterpret_cast<GetAdapters>(reinterpret_cast<void*>(GetProcAddress(module, "GetAdaptersAddresses")));
}

std::string mac_of(const IP_ADAPTER_ADDRESSES& adapter) {
  const BYTE* const bytes = adapter.PhysicalAddress;
  if (adapter.PhysicalAddressLength != 6 || std::all_of(bytes, bytes + 6, [](BYTE byte) { return byte == 0; })) return "";
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
  return text;
}

void add_address(InterfaceFacts& facts, const IP_ADAPTER_UNICAST_ADDRESS& unicast) {
  const sockaddr* const address = unicast.Address.lpSockaddr;
  const int prefix = unicast.OnLinkPrefixLength;
  if (address->sa_family == AF_INET) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr);
    facts.addresses.push_back({ip_text(bytes, false), 4, prefix});
  } else if (address->sa_family == AF_INET6) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
    facts.addresses.push_back({ip_text(bytes, true), 6, prefix});
  }
}

InterfaceFacts facts_of_adapter(const IP_ADAPTER_ADDRESSES& adapter) {
  InterfaceFacts facts;
  facts.name = narrow_of(adapter.FriendlyName);
  facts.description = narrow_of(adapter.Description);
  facts.index = adapter.IfIndex != 0 ? adapter.IfIndex : adapter.Ipv6IfIndex;
  facts.up = facts.running = adapter.OperStatus == IfOperStatusUp;
  facts.loopback = adapter.IfType == IF_TYPE_SOFTWARE_LOOPBACK;
  facts.point_to_point = adapter.IfType == IF_TYPE_PPP || adapter.IfType == IF_TYPE_TUNNEL;
  facts.wireless = adapter.IfType == IF_TYPE_IEEE80211;
  facts.mac = mac_of(adapter);
  for (const auto* unicast = adapter.FirstUnicastAddress; unicast != nullptr; unicast = unicast->Next) add_address(facts, *unicast);
  return facts;
}

}  // namespace

Result<std::vector<InterfaceFacts>> list_interfaces() {
  const GetAdapters get = adapters_function();
  ULONG error = ERROR_NOT_SUPPORTED;
  ULONG bytes = 32 * 1024;
  std::vector<uint64_t> memory;
  // Adapters may appear between two calls, and then more room is needed than was said.
  for (int i = 0; get != nullptr && i < kTries; ++i) {
    memory.resize(bytes / sizeof(uint64_t) + 1);
    const ULONG flags = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
    error = get(AF_UNSPEC, flags, nullptr, reinterpret_cast<IP_ADAPTER_ADDRESSES*>(memory.data()), &bytes);
    if (error != ERROR_BUFFER_OVERFLOW) break;
  }
  if (error == ERROR_NO_DATA) return std::vector<InterfaceFacts>();
  if (error != ERROR_SUCCESS) return Failure{"SOURCE_OPEN", "cannot list the interfaces: error " + std::to_string(error), "", "", static_cast<int>(error)};
  std::vector<InterfaceFacts> result;
  const auto* adapter = reinterpret_cast<const IP_ADAPTER_ADDRESSES*>(memory.data());
  for (; adapter != nullptr; adapter = adapter->Next) result.push_back(facts_of_adapter(*adapter));
  return result;
}

}  // namespace weir
