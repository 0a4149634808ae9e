#include "open_counts.h"

#include <cstring>

namespace weir {
namespace {

// Of src/detect/state/hyperloglog.ts: this many bits of a hash choose the register.
constexpr uint32_t kRegisterBits = 10;
static_assert(kMomentBoundRegisters == 1u << kRegisterBits, "registers of a sketch");
static_assert((kMomentBoundServices & (kMomentBoundServices - 1)) == 0, "places are found with a mask");

bool has(const PacketRecord& record, RecordFlag flag) { return (record.flags & static_cast<uint32_t>(flag)) != 0; }

// `hashText` of hyperloglog.ts over the bytes of the address.
uint32_t hash_of(const uint8_t* address, size_t length) {
  uint32_t hash = 0x811c9dc5;
  for (size_t i = 0; i < length; i++) hash = (hash ^ address[i]) * 0x01000193;
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
  return hash ^ (hash >> 16);
}

// `addHash` of hyperloglog.ts.
void sketch(uint8_t* registers, uint32_t hash) {
  const uint32_t rest = hash >> kRegisterBits;
  const uint32_t zeros = rest == 0 ? 32 : static_cast<uint32_t>(__builtin_clz(rest));
  const uint8_t rank = static_cast<uint8_t>(zeros - kRegisterBits + 1);
  uint8_t& most = registers[hash & (kMomentBoundRegisters - 1)];
  if (rank > most) most = rank;
}

}  // namespace

bool OpenCounts::tells(const PacketRecord& record) const {
  const int64_t place = find(record);
  if (place < 0) return true;
  const uint32_t* const at = service(static_cast<size_t>(place));
  if (at[kServiceOpens] < kMomentBoundOpensTold) return true;
  return at[kServiceSurge] - 1 >= kMomentBoundSurges && word(kMomentSurges) >= kMomentBoundSurges;
}

bool OpenCounts::add(const PacketRecord& record) {
  const int64_t found = find(record);
  if (found < 0) return true;
  const size_t place = static_cast<size_t>(found);
  uint32_t* const at = service(place);
  if (at[kServiceOpens] == 0) take_place(place, record);
  if (++at[kServiceOpens] <= kMomentBoundOpensTold) return true;
  uint32_t surge = at[kServiceSurge] - 1;
  if (surge >= kMomentBoundSurges) {
    surge = word(kMomentSurges);
    if (surge >= kMomentBoundSurges) return true;
    word(kMomentSurges) = at[kServiceSurge] = surge + 1;
    memory_.surges[2 * surge] = static_cast<int32_t>(place);
    memory_.surges[2 * surge + 1] = 0;
  }
  uint32_t& opens = reinterpret_cast<uint32_t*>(memory_.surges)[2 * surge + 1];
  opens++;
  sketch(memory_.registers + size_t{surge} * kMomentBoundRegisters, hash_of(record.srcAddr, has(record, RecordFlag::kIpv6) ? 16 : 4));
  return false;
}

// Port, protocol and version of the service.
uint32_t OpenCounts::key_of(const PacketRecord& record) {
  const uint32_t port = has(record, RecordFlag::kHasPorts) ? record.dstPort : 0;
  return (port << 9) | (uint32_t{record.protocol} << 1) | (has(record, RecordFlag::kIpv6) ? 1 : 0);
}

// Where the record's service stands, or behind it.
uint32_t OpenCounts::first_place(const PacketRecord& record) {
  uint32_t address[4];
  memcpy(address, record.dstAddr, sizeof address);
  uint32_t hash = (address[0] ^ (address[1] * 31) ^ (address[2] * 37) ^ (address[3] * 41)) * 0x9e3779b1;
  hash = (hash ^ (hash >> 15) ^ key_of(record)) * 0x85ebca6b;
  return (hash >> 12) & (kMomentBoundServices - 1);
}

// The place of the record's service, a free one when it is new; -1 when its neighbourhood is full.
int64_t OpenCounts::find(const PacketRecord& record) const {
  const uint32_t key = key_of(record);
  const uint32_t first = first_place(record);
  for (uint32_t probe = 0; probe < kMomentBoundProbes; probe++) {
    const size_t place = (first + probe) & (kMomentBoundServices - 1);
    const uint32_t* const at = service(place);
    // In memory of any content a list of used places that is full has no room for another.
    if (at[kServiceOpens] == 0) return word(kMomentServices) < kMomentBoundServices ? static_cast<int64_t>(place) : -1;
    if (at[kServiceKey] == key && memcmp(at + kServiceAddress, record.dstAddr, sizeof record.dstAddr) == 0) return static_cast<int64_t>(place);
  }
  return -1;
}

void OpenCounts::take_place(size_t place, const PacketRecord& record) {
  uint32_t* const at = service(place);
  memcpy(at + kServiceAddress, record.dstAddr, sizeof record.dstAddr);
  at[kServiceKey] = key_of(record);
  memory_.used[word(kMomentServices)++] = static_cast<int32_t>(place);
}

}  // namespace weir
