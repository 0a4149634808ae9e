// Which frames go into the tap, and why. One per capture thread.
#pragma once
#include <cstdint>

#include "../decode/decoder.h"
#include "engine_options.h"

namespace weir {

class TapSelector {
 public:
  explicit TapSelector(const TapOptions& options) : options_(options) {}

  // TapReason bits, 0 = nobody wants it. `decoded` is what the decoder made of the frame.
  uint8_t reasons(const Frame& frame, const Decoded& decoded) const;

 private:
  TapOptions options_;
};

// True for frames in which devices tell about themselves: ARP, LLDP, CDP, neighbour discovery (RFC 4861), and DHCP,
// DHCPv6, multicast DNS, LLMNR, NetBIOS and SSDP over UDP.
bool tells_of_devices(const Decoded& decoded);

}  // namespace weir
