// Seeded traffic, independent of the machine: the same spec gives the same frames everywhere.
//
//   imix       TCP connections from handshake to FIN with 64, 570 and 1518-byte frames (7:4:1), some UDP and ICMP;
//              about 1.5 % of data segments are lost before the tap, retransmitted, or swapped with the next one
//   small      the same kinds of packets, every frame 64 bytes with its check sequence (60 captured)
//   flood      SYNs that all have their own tuple, around one established connection that goes on throughout
//   collision  tuples whose addresses and ports have the same sum, which an unkeyed additive hash puts into one bucket
//   mixed      protocols of many kinds: DNS, VLAN and QinQ, IPv6, ICMP, SCTP, GRE, VXLAN, fragments, ARP, LLDP
//   apps       TLS 1.3 and 1.2, HTTP, QUIC, SSH, SMTP and DNS: real dialogues, then bulk data in packets of up to 1,514 bytes
#pragma once
#include <memory>
#include <string>

#include "engine_options.h"
#include "frame_reader.h"

namespace weir {

// At most this many distinct tuples of the collision profile exist.
constexpr uint64_t kCollisionTuples = 64'511;

std::unique_ptr<FrameReader> make_generator_reader(const GeneratorSpec& spec, uint16_t source);

// Writes the frames to a classic capture with microseconds. Returns their number, or the failure OUTPUT.
Result<uint64_t> write_generated_capture(const GeneratorSpec& spec, const std::string& path);

}  // namespace weir
