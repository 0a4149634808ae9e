#include "syn_watch.h"

#include <algorithm>

#include "../decode/protocols.h"
#include "ring_records.h"
#include "rows.h"

namespace weir {
namespace {

static_assert((kSynBoundPlaces & (kSynBoundPlaces - 1)) == 0, "places are found with a mask");

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;
constexpr size_t kTcpHeader = 20;

// Kinds of TCP options (RFC 9293, RFC 7323).
constexpr uint8_t kOptionEnd = 0;
constexpr uint8_t kOptionNop = 1;
constexpr uint8_t kOptionTimestamp = 8;
constexpr size_t kTimestampBytes = 10;

// The two halves of a key while values are mixed in.
class Mixer {
 public:
  explicit Mixer(uint32_t peer_mss) : high_(peer_mss) {}

  void mix(uint32_t value) {
    low_ = (low_ ^ value) * 0x01000193u;
    high_ = ((high_ ^ value) + (low_ >> 15)) * 0x5bd1e995u;
  }
  SynKey key() const { return {low_, (high_ & (kSynBoundTaken - 1)) | kSynBoundTaken}; }

 private:
  uint32_t low_ = 0x811c9dc5u;
  uint32_t high_;
};

uint32_t any_bit(const uint8_t* bytes, size_t count) {
  return std::any_of(bytes, bytes + count, [](uint8_t byte) { return byte != 0; }) ? 1 : 0;
}

// Mixes in the IP header; the length of it, 0 when it is none that can be read.
size_t mix_network(Mixer& mixer, const uint8_t* bytes, size_t length) {
  const uint32_t version = length == 0 ? 0 : bytes[0] >> 4;
  if (version == 4) {
    const size_t header = (bytes[0] & 15u) * 4;
    if (header < kIpv4Header || header > length) return 0;
    mixer.mix(bytes[0]);
    mixer.mix(bytes[1] & 3u);
    mixer.mix(any_bit(bytes + 4, 2));
    mixer.mix(bytes[6] & 0xe0u);
    mixer.mix(bytes[8]);
    return header;
  }
  if (version != 6 || length < kIpv6Header) return 0;
  mixer.mix(bytes[1] & 0xf0u);
  mixer.mix(((bytes[1] & 15u) | bytes[2] | bytes[3]) != 0 ? 1 : 0);
  mixer.mix(6);
  mixer.mix(bytes[6]);
  mixer.mix(bytes[7]);
  return kIpv6Header;
}

void mix_options(Mixer& mixer, const uint8_t* bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    const uint8_t kind = bytes[at];
    const size_t left = length - at;
    mixer.mix(kind);
    if (kind == kOptionEnd) {
      mixer.mix(static_cast<uint32_t>(left));
      mixer.mix(any_bit(bytes + at, left));
      return;
    }
    if (kind == kOptionNop) {
      at++;
      continue;
    }
    const size_t size = left > 1 ? bytes[at + 1] : 0;
    mixer.mix(static_cast<uint32_t>(size));
    if (size < 2 || size > left) return;
    if (kind == kOptionTimestamp && size == kTimestampBytes) {
      mixer.mix(any_bit(bytes + at + 2, 4));
      mixer.mix(any_bit(bytes + at + 6, 4));
    } else {
      for (size_t i = 2; i < size; i++) mixer.mix(bytes[at + i]);
    }
    at += size;
  }
}

bool is_syn(const PacketRecord& record) { return record.protocol == kProtoTcp && (record.tcpFlags & kTcpSyn) != 0; }

}  // namespace

SynKey syn_key(const uint8_t* bytes, size_t length, uint32_t peer_mss) {
  Mixer mixer(peer_mss);
  const size_t network = mix_network(mixer, bytes, length);
  if (network == 0 || network + kTcpHeader > length) return {};
  const uint8_t* const tcp = bytes + network;
  const size_t header = (tcp[12] >> 4) * size_t{4};
  if (header < kTcpHeader || network + header > length) return {};
  mixer.mix(tcp[12]);
  mixer.mix(tcp[13]);
  mixer.mix(uint32_t{tcp[14]} << 8 | tcp[15]);
  mixer.mix(any_bit(tcp + 4, 4));
  mixer.mix(any_bit(tcp + 8, 4));
  mixer.mix(any_bit(tcp + 18, 2));
  mixer.mix(length > network + header ? 1 : 0);
  mix_options(mixer, tcp + kTcpHeader, header - kTcpHeader);
  return mixer.key();
}

// `look` of src/shard/app-layer.ts for a record without payload, of a flow whose bytes it wants.
int64_t SynWatch::ask(const PacketRecord& record, const uint8_t* cold, uint32_t side) const {
  if (memory_.keys == nullptr || record.payloadLen != 0) return kUnknown;
  if (!is_syn(record) || table_[kTableEmergency] != 0) return kNothing;
  const uint8_t* const bytes = carried_bytes(record);
  if (bytes == nullptr) return kUnknown;
  const uint32_t peer_mss = cold == nullptr ? 0 : get<uint16_t>(cold, kRowMssA + 2 * (side ^ 1));
  const SynKey key = syn_key(bytes, std::min(record.carried, kSynBoundMostHeader), peer_mss);
  return key.exists() ? find(key) : kNothing;
}

// `note` of src/shard/syn-watch.ts.
void SynWatch::write(uint8_t* cold, uint32_t side, int64_t answer) {
  if (answer < 0) return;
  put<uint16_t>(cold, kRowMssA + 2 * side, static_cast<uint16_t>(answer >> 16));
  cold[kRowOsA + side] = static_cast<uint8_t>(answer);
  cold[kRowOsConfidenceA + side] = static_cast<uint8_t>(answer >> 8);
}

// As `get` of src/shard/syn-answers.ts.
int64_t SynWatch::find(const SynKey& key) const {
  uint32_t place = (key.low ^ key.high) & (kSynBoundPlaces - 1);
  for (uint32_t probe = 0; probe < kSynBoundProbes; probe++, place = (place + 1) & (kSynBoundPlaces - 1)) {
    const uint32_t* const taken = memory_.keys + 2 * size_t{place};
    if (taken[1] == 0) return kUnknown;
    if (taken[0] == key.low && taken[1] == key.high) return memory_.answers[place];
  }
  return kUnknown;
}

}  // namespace weir
