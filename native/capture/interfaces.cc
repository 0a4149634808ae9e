#include "interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <pcap/pcap.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>

namespace weir {
namespace {

int prefix_of(const uint8_t* mask, size_t bytes) {
  int bits = 0;
  for (size_t i = 0; i < bytes; ++i) bits += __builtin_popcount(mask[i]);
  return bits;
}

void add_address(InterfaceFacts& facts, const sockaddr* address, const sockaddr* mask) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
    const auto* const bits = mask == nullptr ? nullptr : reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in*>(mask)->sin_addr);
    facts.addresses.push_back({text, 4, bits == nullptr ? 32 : prefix_of(bits, 4)});
  } else if (address->sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
    const auto* const bits = mask == nullptr ? nullptr : reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in6*>(mask)->sin6_addr);
    facts.addresses.push_back({text, 6, bits == nullptr ? 128 : prefix_of(bits, 16)});
  }
}

std::map<std::string, std::string> hardware_addresses() {
  std::map<std::string, std::string> result;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return result;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_PACKET) continue;
    const auto* const link = reinterpret_cast<const sockaddr_ll*>(entry->ifa_addr);
    if (link->sll_halen != 6 || std::all_of(link->sll_addr, link->sll_addr + 6, [](uint8_t byte) { return byte == 0; })) continue;
    char text[18];
    std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", link->sll_addr[0], link->sll_addr[1], link->sll_addr[2],
                  link->sll_addr[3], link->sll_addr[4], link->sll_addr[5]);
    result[entry->ifa_name] = text;
  }
  freeifaddrs(list);
  return result;
}

// Letters that must be changed, added or taken away to make one name of the other.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

Result<std::vector<InterfaceFacts>> list_interfaces() {
  char message[PCAP_ERRBUF_SIZE] = "";
  pcap_if_t* devices = nullptr;
  if (pcap_findalldevs(&devices, message) != 0) return Failure{"SOURCE_OPEN", std::string("cannot list the interfaces: ") + message, "", "", 0};
  const std::map<std::string, std::string> hardware = hardware_addresses();
  std::vector<InterfaceFacts> result;
  for (const pcap_if_t* device = devices; device != nullptr; device = device->next) {
    const unsigned index = if_nametoindex(device->name);
    if (index == 0) continue;
    InterfaceFacts facts;
    facts.index = index;
    facts.name = device->name;
    facts.description = device->description == nullptr ? "" : device->description;
    facts.up = (device->flags & PCAP_IF_UP) != 0;
    facts.running = (device->flags & PCAP_IF_RUNNING) != 0;
    facts.loopback = (device->flags & PCAP_IF_LOOPBACK) != 0;
    facts.wireless = (device->flags & PCAP_IF_WIRELESS) != 0;
    for (const pcap_addr* address = device->addresses; address != nullptr; address = address->next) {
      if (address->addr != nullptr) add_address(facts, address->addr, address->netmask);
    }
    const auto mac = hardware.find(facts.name);
    if (mac != hardware.end()) facts.mac = mac->second;
    result.push_back(std::move(facts));
  }
  pcap_freealldevs(devices);
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) return result;
  for (InterfaceFacts& facts : result) {
    ifreq request{};
    std::strncpy(request.ifr_name, facts.name.c_str(), IFNAMSIZ - 1);
    if (ioctl(control, SIOCGIFFLAGS, &request) == 0) facts.point_to_point = (request.ifr_flags & IFF_POINTOPOINT) != 0;
  }
  close(control);
  return result;
}

bool is_loopback_interface(const std::string& name) {
  Result<std::vector<InterfaceFacts>> interfaces = list_interfaces();
  if (!interfaces.ok()) return name == "lo";
  return std::any_of(interfaces.value().begin(), interfaces.value().end(),
                     [&name](const InterfaceFacts& facts) { return facts.name == name && facts.loopback; });
}

std::string nearest_interfaces_hint(const std::string& wanted) {
  Result<std::vector<InterfaceFacts>> interfaces = list_interfaces();
  if (!interfaces.ok() || interfaces.value().empty()) return "";
  std::vector<InterfaceFacts>& known = interfaces.value();
  std::stable_sort(known.begin(), known.end(), [&wanted](const InterfaceFacts& a, const InterfaceFacts& b) {
    return distance(wanted, a.name) < distance(wanted, b.name);
  });
  std::string names;
  for (size_t i = 0; i < std::min<size_t>(known.size(), 3); ++i) names += (i == 0 ? "" : ", ") + known[i].name;
  return "nearest names: " + names + " (weir interfaces lists all)";
}

}  // namespace weir
