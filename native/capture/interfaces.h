// The network interfaces of this host.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "../base/result.h"

namespace weir {

struct InterfaceAddress {
  std::string address;
  int family;  // 4 or 6
  int prefix;
};

struct InterfaceFacts {
  std::string name;
  std::string description;
  bool up = false;
  bool running = false;
  bool loopback = false;
  bool point_to_point = false;
  bool wireless = false;
  std::vector<InterfaceAddress> addresses;
  uint32_t index = 0;  // the system's number
  std::string mac;  // '' = none
};

// Needs no privilege. In the order in which libpcap prefers them. Pseudo devices (any, nflog …) are left out.
Result<std::vector<InterfaceFacts>> list_interfaces();

bool is_loopback_interface(const std::string& name);
// "did you mean eth0?", or what there is.
std::string nearest_interfaces_hint(const std::string& wanted);

}  // namespace weir
