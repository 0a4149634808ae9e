// libndpi behind one interface: everything that differs between its versions, and nothing else.
//
// Known of the versions, from their headers and release notes (an odd minor number is the development tree of the release
// that follows, so 4.11 counts as 4.12):
//
//   4.2, 4.4    init(prefs), detection bitmask, process without packet information, giveup(guess, &guessed), no limit of
//               packets per flow, caches made when first used. Compiled, run and measured here: 4.2 (Debian 12).
//   4.6, 4.8    process takes ndpi_flow_input_info (direction, whether the flow's beginning was seen); preference
//               max_packets_to_process; sizes of caches by ndpi_set_lru_cache_size.
//   4.10        init(global context), finalize returns an error, all settings by ndpi_set_config, giveup(&guessed).
//   4.12, 4.14  the two protocols of a result moved into its member `proto`.
//   5.x         no bitmask, giveup without arguments, the result carries a state, ndpi_get_num_protocols.
//
// What cannot be compiled here is compiled against stand-ins of its headers (test/native/dpi/versions). 6.0 asks for a
// declaration of licence when a module is made: the build does not take it.
#pragma once

#include <ndpi_includes.h>

#include <ndpi_define.h>

#define WEIR_NDPI_SINCE(major, minor) (NDPI_MAJOR > (major) || (NDPI_MAJOR == (major) && NDPI_MINOR >= (minor)))
#if !WEIR_NDPI_SINCE(4, 2) || NDPI_MAJOR > 5
#error "libndpi 4.2 to 5.x is needed"
#endif

// Up to 4.4 the caches can be reached only as fields of a structure that the header shows to the library itself.
#if !WEIR_NDPI_SINCE(4, 5) && __has_include(<ndpi_config.h>)
#define NDPI_LIB_COMPILATION
#define WEIR_NDPI_MODULE_VISIBLE
#endif
#include <ndpi_api.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <utility>

namespace weir::ndpi_compat {

using Module = ndpi_detection_module_struct;
using Flow = ndpi_flow_struct;

enum class Progress : uint8_t {
  kNothing,  // no label from content yet
  kPartial,  // labelled; the library would like to see more packets of the flow (sub-protocol, risks)
  kFinal,
};

struct Finding {
  uint16_t master;
  uint16_t app;
  uint32_t category;
  Progress progress;
};

inline bool is_guess(uint32_t confidence) {
  return confidence == NDPI_CONFIDENCE_MATCH_BY_PORT || confidence == NDPI_CONFIDENCE_MATCH_BY_IP;
}

// Whether the library that was loaded has the structures of the headers that this was compiled with.
inline bool library_fits() {
#ifdef NDPI_API_VERSION
  if (ndpi_get_api_version() != NDPI_API_VERSION) return false;
#endif
  return ndpi_detection_get_sizeof_ndpi_flow_struct() == sizeof(Flow);
}

// The two protocols of a result, wherever this version keeps them.
template <typename Found, typename = void>
struct ProtocolPair {
  static auto& of(Found& found) { return found; }
};
template <typename Found>
struct ProtocolPair<Found, std::void_t<decltype(std::declval<Found&>().proto.app_protocol)>> {
  static auto& of(Found& found) { return found.proto; }
};

inline Finding finding_of(Module* module, Flow* flow, ndpi_protocol found) {
  const auto& pair = ProtocolPair<ndpi_protocol>::of(found);
  Finding result = {pair.master_protocol, pair.app_protocol, static_cast<uint32_t>(ndpi_get_proto_category(module, found)), Progress::kNothing};
  if (result.master == NDPI_PROTOCOL_UNKNOWN && result.app == NDPI_PROTOCOL_UNKNOWN) return result;
  // What was only looked up by port or address before any dissector recognised the content is no classification.
  if (is_guess(flow->confidence)) return result;
#if WEIR_NDPI_SINCE(4, 15)
  // MONITORING: the label will not change any more, the library only reads on for metadata, which is not taken here.
  const bool final = found.state == NDPI_STATE_MONITORING || (found.state == NDPI_STATE_CLASSIFIED && flow->extra_packets_func == nullptr);
#else
  const bool final = ndpi_extra_dissection_possible(module, flow) == 0;
#endif
  result.progress = final ? Progress::kFinal : Progress::kPartial;
  return result;
}

// What one flow taught must not label another: labels would depend on which flows share a shard. The caches are shut, and
// tinc, whose datagrams are recognised by an earlier connection alone, is not looked for.
#if WEIR_NDPI_SINCE(4, 9)
inline void forget_other_flows(Module* module) {
  // Names that a version does not know are refused, which is fine.
  for (const char* name : {"lru.ookla.size", "lru.bittorrent.size", "lru.zoom.size", "lru.stun.size", "lru.tls_cert.size", "lru.mining.size",
                           "lru.msteams.size", "lru.stun_zoom.size", "lru.fpc_dns.size", "lru.signal.size", "dpi.address_cache_size", "fpc",
                           "hostname_dns_check"}) {
    ndpi_set_config(module, nullptr, name, "0");
  }
  ndpi_set_config(module, "tinc", "enabled", "0");
}
#elif WEIR_NDPI_SINCE(4, 5)
inline void forget_other_flows(Module* module) {
  for (int type = 0; type < NDPI_LRUCACHE_MAX; ++type) ndpi_set_lru_cache_size(module, static_cast<lru_cache_type>(type), 0);
}
#elif defined(WEIR_NDPI_MODULE_VISIBLE)
inline void forget_other_flows(Module* module) {
  // With other options of configure the structure has another size: it is left alone then.
  if (ndpi_get_ndpi_detection_module_size() != sizeof(Module)) return;
  // A field that is null gets a cache of 1,024 entries on first use; so each gets one of a single entry now, ...
  for (ndpi_lru_cache** cache : {&module->ookla_cache, &module->bittorrent_cache, &module->zoom_cache, &module->stun_cache,
                                 &module->tls_cert_cache, &module->mining_cache, &module->msteams_cache}) {
    *cache = ndpi_lru_cache_init(1);
  }
}
// ... which is emptied before every packet.
inline void empty_caches(Module* module) {
  if (ndpi_get_ndpi_detection_module_size() != sizeof(Module)) return;
  for (ndpi_lru_cache* cache : {module->ookla_cache, module->bittorrent_cache, module->zoom_cache, module->stun_cache, module->tls_cert_cache,
                                module->mining_cache, module->msteams_cache}) {
    if (cache != nullptr) cache->entries[0].is_full = 0;
  }
}
#else
inline void forget_other_flows(Module*) {}
#endif

#if !WEIR_NDPI_SINCE(4, 3)
// 4.2 copies the payload of a TCP packet that may be TLS into a buffer of 2 KiB, takes from it what it understands, and keeps
// the buffer as long as the flow. Of a flow that never says what it is this would be three quarters of the memory: so only the
// bytes that are left are kept. The library makes the buffer when it is null, and larger when a packet does not fit.
inline void shrink_tls_buffer(Flow* flow) {
  constexpr uint32_t kWorthCopying = 256;
  if (flow->l4_proto != IPPROTO_TCP) return;
  message_t& message = flow->l4.tcp.tls.message;
  if (message.buffer == nullptr || message.buffer_used > kWorthCopying || message.buffer_len <= 2 * kWorthCopying) return;
  uint8_t* const rest = message.buffer_used == 0 ? nullptr : static_cast<uint8_t*>(ndpi_malloc(message.buffer_used));
  if (rest != nullptr) std::memcpy(rest, message.buffer, message.buffer_used);
  else if (message.buffer_used > 0) return;
  ndpi_free(std::exchange(message.buffer, rest));
  message.buffer_len = message.buffer_used;
}
#else
inline void shrink_tls_buffer(Flow*) {}
#endif

// The library's own limit of packets per flow, where it has one. The caller's limit is the same number and decides first;
// without this one a version whose default is lower (32 in all of them) would answer "unknown" before the caller gives up.
inline void limit_packets([[maybe_unused]] Module* module, [[maybe_unused]] uint16_t packets) {
#if WEIR_NDPI_SINCE(4, 9)
  char text[8];
  std::snprintf(text, sizeof text, "%u", packets);
  ndpi_set_config(module, nullptr, "packets_limit_per_flow", text);
#elif WEIR_NDPI_SINCE(4, 5)
  ndpi_set_detection_preferences(module, ndpi_pref_max_packets_to_process, packets);
#endif
}

inline Module* new_module() {
#if WEIR_NDPI_SINCE(4, 9)
  return ndpi_init_detection_module(nullptr);
#else
  return ndpi_init_detection_module(ndpi_no_prefs);
#endif
}

inline void enable_protocols([[maybe_unused]] Module* module) {
#if !WEIR_NDPI_SINCE(4, 15)
  NDPI_PROTOCOL_BITMASK all;
  NDPI_BITMASK_SET_ALL(all);
#ifdef NDPI_DEL_PROTOCOL_FROM_BITMASK
  NDPI_DEL_PROTOCOL_FROM_BITMASK(all, NDPI_PROTOCOL_TINC);
#endif
  ndpi_set_protocol_detection_bitmask2(module, &all);
#endif
}

// `finalize` returns nothing in some versions and 0 for success in others.
template <typename Finalize>
bool finalized(Finalize* finalize, Module* module) {
  if constexpr (std::is_void_v<decltype(finalize(module))>) {
    finalize(module);
    return true;
  } else {
    return finalize(module) == 0;
  }
}

// One detection module. Not thread-safe; and no two may be opened or closed at the same time (see ndpi_detector.cc).
class DetectionModule {
 public:
  explicit DetectionModule(uint16_t max_packets) : module_(new_module()) {
    if (module_ == nullptr) return;
    enable_protocols(module_);
    forget_other_flows(module_);
    limit_packets(module_, max_packets);
#if !WEIR_NDPI_SINCE(4, 5)
    // The direction of a packet is what the caller says, not which address is the greater one.
    ndpi_set_detection_preferences(module_, ndpi_pref_direction_detect_disable, 1);
#endif
    if (!finalized(ndpi_finalize_initialization, module_)) close();
  }
  ~DetectionModule() { close(); }
  DetectionModule(const DetectionModule&) = delete;
  DetectionModule& operator=(const DetectionModule&) = delete;

  bool ok() const { return module_ != nullptr; }

  // `packet` begins with the IP header. `whole`: the flow has been seen from its first packet on.
  Finding process(Flow* flow, const uint8_t* packet, uint16_t length, uint64_t time_ms, bool from_server, [[maybe_unused]] bool whole) {
#if WEIR_NDPI_SINCE(4, 5)
    input_.in_pkt_dir = from_server ? NDPI_IN_PKT_DIR_S_TO_C : NDPI_IN_PKT_DIR_C_TO_S;
    input_.seen_flow_beginning = whole ? NDPI_FLOW_BEGINNING_SEEN : NDPI_FLOW_BEGINNING_UNKNOWN;
    return finding_of(module_, flow, ndpi_detection_process_packet(module_, flow, packet, length, time_ms, &input_));
#else
#ifdef WEIR_NDPI_MODULE_VISIBLE
    empty_caches(module_);
#endif
    flow->packet_direction = from_server ? 1 : 0;
    const ndpi_protocol found = ndpi_detection_process_packet(module_, flow, packet, length, time_ms);
    shrink_tls_buffer(flow);
    return finding_of(module_, flow, found);
#endif
  }

  // The last word on a flow: what is known of it, else a guess by port or address.
  Finding give_up(Flow* flow) {
    [[maybe_unused]] uint8_t guessed = 0;
#if WEIR_NDPI_SINCE(4, 15)
    return finding_of(module_, flow, ndpi_detection_giveup(module_, flow));
#elif WEIR_NDPI_SINCE(4, 9)
    return finding_of(module_, flow, ndpi_detection_giveup(module_, flow, &guessed));
#else
    return finding_of(module_, flow, ndpi_detection_giveup(module_, flow, 1, &guessed));
#endif
  }

  uint32_t protocol_count() const {
#if WEIR_NDPI_SINCE(4, 15)
    return ndpi_get_num_protocols(module_);
#else
    return ndpi_get_num_supported_protocols(module_);
#endif
  }
  const char* protocol_name(uint16_t id) const { return ndpi_get_proto_name(module_, id); }
  uint32_t protocol_category(uint16_t id) const {
    ndpi_protocol found = {};
    ProtocolPair<ndpi_protocol>::of(found).app_protocol = id;
    return static_cast<uint32_t>(ndpi_get_proto_category(module_, found));
  }
  const char* category_name(uint32_t id) const { return ndpi_category_get_name(module_, static_cast<ndpi_protocol_category_t>(id)); }

 private:
  void close() {
    if (module_ != nullptr) ndpi_exit_detection_module(std::exchange(module_, nullptr));
  }

  Module* module_;
#if WEIR_NDPI_SINCE(4, 5)
  ndpi_flow_input_info input_ = {};  // a member, because the module keeps its address after the call
#endif
};

}  // namespace weir::ndpi_compat
