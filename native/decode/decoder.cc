// One frame, all its layers.
//
//   link ─▶ IP ─▶ transport ─┬▶ tunnel? ─▶ link ─▶ IP ─▶ ...   each IP layer fills one record of the stack
//                            └▶ otherwise, or nothing decodes inside: this layer is the flow
//
// The innermost layer that decodes is the accounted record; those around it become OUTER annotations.
//
// Fragments of a tunnel's outer datagram: the first one holds the inner headers, so it is unwrapped and counts, once, for
// the inner flow with the inner packet's own length; the later ones count for the plain flow of the outer tuple. So a
// packet inside counts once however it was cut, and every frame is in exactly one flow.
#include "decoder.h"

#include <algorithm>
#include <cstring>

#include "arp.h"
#include "checksum.h"
#include "flow_hash.h"
#include "fragments.h"
#include "link.h"
#include "network.h"
#include "protocols.h"
#include "quoted.h"
#include "record_frame.h"
#include "transport.h"
#include "tunnel.h"
#include "tunnel_registry.h"

namespace weir {

constexpr int kMaxOuterLayers = 8;
static_assert(kMaxRecords >= kMaxOuterLayers + 2, "accounted, outers, quoted");

// The IP layers of the frame in hand, outermost first; out.records[i] is layer i until settle() puts the accounted first.
struct LayerStack {
  int count;
  Datagram datagrams[kMaxOuterLayers + 1];
  TunnelHeader tunnels[kMaxOuterLayers + 1];  // tunnels[i] leads from layer i to layer i + 1
  Walk innermost;                             // at the transport header of the last layer
};

namespace {

constexpr uint16_t flag(RecordFlag f) { return static_cast<uint16_t>(f); }

// Do later fragments of this protocol need the first one to know their flow?
bool needs_first(uint8_t protocol) {
  return has_ports(protocol) || protocol == kProtoIcmp || protocol == kProtoIcmpv6 || is_extension_header(protocol);
}

void start_walk(const Frame& frame, Walk& walk) {
  std::memset(&walk.link, 0, sizeof walk.link);
  walk.bytes = frame.bytes;
  walk.captured = frame.captured;
  walk.end = std::max(frame.wire, frame.captured);
  walk.at = 0;
  walk.at_arp = false;
  walk.reason = Reject::kNone;
  walk.needed = walk.available = 0;
}

// The tag that the kernel took out goes in front of the others.
void restore_vlan(const Frame& frame, LinkFacts& link) {
  if (frame.stripped_vlan == kNoStrippedVlan) return;
  link.tci[1] = link.tci[0];
  link.tci[0] = static_cast<uint16_t>(frame.stripped_vlan);
  if (link.vlan_depth < UINT8_MAX) ++link.vlan_depth;
}

void conclude(Disposition disposition, const Walk& walk, Decoded& out) {
  out.disposition = disposition;
  out.reason = walk.reason;
  out.needed = walk.needed;
  out.available = walk.available;
}

}  // namespace

Decoder::Decoder(const DecodeOptions& options, std::shared_ptr<TunnelRegistry> tunnels)
    : options_(options),
      hash_(std::make_unique<FlowHash>(options.hash_key, options.vlan_aware)),
      fragments_(std::make_unique<FragmentTable>(options.hash_key)),
      tunnels_(std::make_unique<TunnelCache>(tunnels ? std::move(tunnels) : std::make_shared<TunnelRegistry>())) {}

Decoder::~Decoder() = default;

const TunnelRegistry& Decoder::tunnels() const { return tunnels_->registry(); }

void Decoder::decode(const Frame& frame, Decoded& out) {
  out.released.clear();
  out.lost.clear();
  fragments_->expire(frame.stream_ns, out);
  if (!decode_plain(frame, out)) decode_layers(frame, out);
}

void Decoder::flush(Decoded& out) {
  out.count = 0;
  out.released.clear();
  out.lost.clear();
  fragments_->flush(out);
}

void Decoder::advance(double stream_ns, Decoded& out) {
  out.count = 0;
  out.released.clear();
  out.lost.clear();
  fragments_->expire(stream_ns, out);
}

void Decoder::decode_layers(const Frame& frame, Decoded& out) {
  Walk walk;
  start_walk(frame, walk);
  LayerStack stack;
  stack.count = 0;
  out.count = 0;
  out.network_decoded = out.transport_decoded = false;
  Next next = decode_link(walk, frame.link_type);
  if (next == Next::kNotFlow) {
    conclude(Disposition::kNotFlow, walk, out);
    out.not_flow = walk.not_flow;
    if (options_.arp && walk.at_arp) add_arp(frame, walk, out);
    return;
  }
  if (next == Next::kIp) restore_vlan(frame, walk.link);
  while (next == Next::kIp) {
    if (!decode_layer(frame, walk, stack, out)) break;
    const int last = stack.count - 1;
    if (!options_.tunnels || last == kMaxOuterLayers || !may_be_tunnel(out.records[last].record, stack.datagrams[last])) break;
    next = unwrap(walk, out.records[last].record, stack.datagrams[last], stack.tunnels[last]);
  }
  if (stack.count == 0) {
    conclude(Disposition::kRejected, walk, out);
    return;
  }
  walk.reason = Reject::kNone;
  walk.needed = walk.available = 0;
  conclude(Disposition::kFlow, walk, out);
  settle(frame, stack, out);
}

// One IP layer with its transport, as the next record. False: it does not decode.
bool Decoder::decode_layer(const Frame& frame, Walk& walk, LayerStack& stack, Decoded& out) {
  DecodedRecord& slot = out.records[stack.count];
  Datagram& d = stack.datagrams[stack.count];
  PacketRecord& r = slot.record;
  record_frame(frame, r);
  if (!decode_network(walk, r, d)) return false;
  out.network_decoded = true;
  if (d.later) {
    const uint32_t at = walk.at;
    r.payloadLen = d.end - d.l4;
    r.payloadOff = at <= 0xffff ? static_cast<uint16_t>(at) : 0;
  } else if (!decode_transport(walk, slot, d)) {
    return false;
  }
  if (options_.verify_checksums && !transport_checksum_ok(walk, r, d)) r.flags |= flag(RecordFlag::kBadL4Checksum);
  r.layer = static_cast<uint8_t>(stack.count);
  stack.innermost = walk;
  ++stack.count;
  return true;
}

// Roles, scopes, tunnel numbers and hashes, from the outermost layer inwards; then the accounted record goes first.
void Decoder::settle(const Frame& frame, LayerStack& stack, Decoded& out) {
  const int last = stack.count - 1;
  uint32_t parent = 0;
  for (int i = 0; i <= last; ++i) {
    DecodedRecord& slot = out.records[i];
    PacketRecord& r = slot.record;
    const Datagram& d = stack.datagrams[i];
    if (i > 0) {
      r.flags |= flag(RecordFlag::kTunneled);
      r.scopeId = stack.tunnels[i - 1].scope;
    }
    r.parentScope = parent;
    hash_->finish(r, false);
    if (d.fragment) settle_fragment(frame, slot, d, parent, out);
    if (i == last) break;
    r.kind = static_cast<uint8_t>(RecordKind::kOuter);
    hash_->finish(r, true);
    const TunnelHeader& tunnel = stack.tunnels[i];
    parent = tunnels_->number(r, tunnel.type, tunnel.scope, tunnel.has_scope, parent);
    r.parentScope = parent;
  }
  out.count = stack.count;
  const PacketRecord& accounted = out.records[last].record;
  const uint16_t incomplete = flag(RecordFlag::kFragmentLater) | flag(RecordFlag::kNoTransport);
  out.transport_decoded = (accounted.flags & incomplete) == 0;
  const bool quotes =
      out.disposition == Disposition::kFlow && out.transport_decoded && is_icmp_error(accounted.protocol, accounted.icmpType);
  if (last > 0) std::rotate(out.records, out.records + last, out.records + last + 1);
  if (quotes) add_quoted(frame, stack, out);
}

void Decoder::settle_fragment(const Frame& frame, DecodedRecord& slot, const Datagram& d, uint32_t parent, Decoded& out) {
  const PacketRecord& r = slot.record;
  const bool ipv6 = (r.flags & flag(RecordFlag::kIpv6)) != 0;
  if (!ipv6 && !needs_first(d.ip_protocol)) return;
  FragmentKey key;
  std::memcpy(key.source, r.srcAddr, sizeof key.source);
  std::memcpy(key.destination, r.dstAddr, sizeof key.destination);
  key.id = r.ipId;
  key.scope = r.scopeId;
  key.parent = parent;
  key.version = ipv6 ? 6 : 4;
  key.protocol = d.ip_protocol;
  key.vlan = options_.vlan_aware ? static_cast<uint16_t>(r.tci0 & 0xfff) : 0;
  if (!d.later) {
    fragments_->first(key, r, frame.stream_ns, out);
  } else if (!ipv6 || needs_first(d.protocol)) {
    if (!fragments_->later(key, slot, frame.stream_ns, out)) out.disposition = Disposition::kHeld;
  }
}

void Decoder::add_arp(const Frame& frame, Walk& walk, Decoded& out) {
  PacketRecord& r = out.records[0].record;
  record_frame(frame, r);
  restore_vlan(frame, walk.link);
  if (decode_arp(walk, r)) out.count = 1;
}

void Decoder::add_quoted(const Frame& frame, const LayerStack& stack, Decoded& out) {
  Walk walk = stack.innermost;
  walk.at += 8;  // the error's own header
  const PacketRecord& error = out.records[0].record;
  PacketRecord& r = out.records[out.count].record;
  record_frame(frame, r);
  r.kind = static_cast<uint8_t>(RecordKind::kIcmpInner);
  r.layer = error.layer;
  r.scopeId = error.scopeId;
  r.parentScope = error.parentScope;
  if (!decode_quoted(walk, r)) return;
  r.flags |= error.flags & flag(RecordFlag::kTunneled);
  hash_->finish(r, false);
  ++out.count;
}

}  // namespace weir
