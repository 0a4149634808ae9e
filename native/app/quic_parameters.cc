#include "quic_parameters.h"

#include "quic_packet.h"

namespace weir {
namespace {

constexpr uint64_t kGoogleUserAgent = 0x3129;
constexpr int kParameterLimit = 64;

bool find(Bytes body, uint64_t wanted, Bytes& value) {
  Cursor cursor(body);
  for (int i = 0; i < kParameterLimit && cursor.left() > 0; i++) {
    const uint64_t id = read_varint(cursor);
    value = take_varint(cursor);
    if (cursor.overrun()) return false;
    if (id == wanted) return true;
  }
  return false;
}

bool find_in_list(Bytes body, uint64_t wanted, Bytes& value) {
  Cursor cursor(body);
  if (cursor.u16() != cursor.left()) return false;
  for (int i = 0; i < kParameterLimit && cursor.left() > 0; i++) {
    const uint64_t id = cursor.u16();
    value = cursor.take(cursor.u16());
    if (cursor.overrun()) return false;
    if (id == wanted) return true;
  }
  return false;
}

}  // namespace

Bytes user_agent_of(Bytes parameters) {
  Bytes value;
  if (find(parameters, kGoogleUserAgent, value) || find_in_list(parameters, kGoogleUserAgent, value)) return value;
  return {};
}

}  // namespace weir
