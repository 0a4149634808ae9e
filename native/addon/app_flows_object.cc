#include "app_flows_object.h"

#include <algorithm>
#include <utility>

#include "flow_readers_object.h"
#include "memory_reader.h"

namespace weir {
namespace {

constexpr size_t kPorts = 65536;
// So that objects of other classes are told apart.
constexpr napi_type_tag kTag = {0x7765697261707073, 0x666c6f7773000001};

size_t slot_of(const Napi::Value& value) { return value.ToNumber().Uint32Value(); }

// The bytes of one side of an open flow, from the first one on. What was left out reads as zeros: nobody looks at it.
class SideBytes {
 public:
  SideBytes(const OpenFlow& flow, uint32_t role)
      : bytes_(flow.heads[flow.is_stream ? role : 0].bytes()), gap_(flow.gap_list(role)), end_(gap_ + flow.gap_count(role)) {}

  void copy(uint8_t* to, size_t count) {
    while (count > 0) {
      const bool in_gap = gap_ != end_ && gap_->at == at_;
      const size_t there = in_gap ? gap_->length - passed_ : (gap_ == end_ ? bytes_.length : gap_->at) - at_;
      const size_t part = std::min(count, there);
      if (part == 0) return;
      if (in_gap) {
        std::memset(to, 0, part);
        passed_ += part;
        if (passed_ == gap_->length) {
          gap_++;
          passed_ = 0;
        }
      } else {
        std::memcpy(to, bytes_.data + at_, part);
        at_ += part;
      }
      to += part;
      count -= part;
    }
  }

 private:
  Bytes bytes_;
  const LeftOut* gap_;
  const LeftOut* end_;
  size_t at_ = 0;
  size_t passed_ = 0;
};

// Events as `FlowInput` of src/native/app-flows.ts has them, and their bytes in the order in which they came.
Napi::Object flow_value(Napi::Env env, const OpenFlow& flow) {
  const size_t count = flow.event_count();
  Napi::Float64Array events = Napi::Float64Array::New(env, 4 * count);
  Napi::Uint8Array bytes = Napi::Uint8Array::New(env, flow.length(kClient) + flow.length(kServer));
  SideBytes sides[2] = {SideBytes(flow, kClient), SideBytes(flow, kServer)};
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    const AppEvent& event = flow.event_list()[i];
    events[4 * i] = event.side;
    events[4 * i + 1] = event.length;
    events[4 * i + 2] = event.now_ns;
    events[4 * i + 3] = event.seconds;
    sides[flow.is_stream ? event.side : 0].copy(bytes.Data() + at, event.length);
    at += event.length;
  }
  Napi::Object value = Napi::Object::New(env);
  value.Set("events", events);
  value.Set("bytes", bytes);
  value.Set("client", flow.client);
  value.Set("reported", flow.reported);
  return value;
}

}  // namespace

Napi::Function AppFlowsObject::define(Napi::Env env) {
  return DefineClass(env, "AppFlows",
                     {
                         InstanceMethod<&AppFlowsObject::offer>("offer"),
                         InstanceMethod<&AppFlowsObject::again>("again"),
                         InstanceMethod<&AppFlowsObject::conclude>("conclude"),
                         InstanceMethod<&AppFlowsObject::release>("release"),
                         InstanceMethod<&AppFlowsObject::note>("note"),
                         InstanceMethod<&AppFlowsObject::forget>("forget"),
                         InstanceMethod<&AppFlowsObject::oldest>("oldest"),
                         InstanceMethod<&AppFlowsObject::names>("takeNames"),
                         InstanceMethod<&AppFlowsObject::learn>("learnCertificate"),
                         InstanceMethod<&AppFlowsObject::unknown>("unknownCertificates"),
                     });
}

AppFlowsObject::AppFlowsObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<AppFlowsObject>(info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsObject()) {
    throw_type(env, "AppFlows needs options");
    return;
  }
  const Napi::Object options = info[0].As<Napi::Object>();
  MemoryReader reader(options);
  const Memory hot = reader.memory("hot", napi_uint8_array, kHotBytes);
  const Memory cold = reader.memory("cold", napi_uint8_array, 1);
  const Memory tally = reader.memory("tally", napi_float64_array, kShardCounterSlots);
  const Memory states = reader.memory("states", napi_uint8_array, 1);
  const Memory stream_ports = reader.memory("streamPorts", napi_uint8_array, kPorts);
  const Memory datagram_ports = reader.memory("datagramPorts", napi_uint8_array, kPorts);
  const Memory words = reader.memory("words", napi_int32_array, kAppWords);
  const Memory tags = reader.memory("tags", napi_int32_array, 1);
  const size_t cold_bytes = reader.size("coldBytes");
  if (cold_bytes < kRowIsnB + 4 - kHotBytes) reader.wrong = "coldBytes";
  if ((tags.elements & (tags.elements - 1)) != 0) reader.wrong = "tags";
  const Napi::Value rings = options.Get("rings");
  if (!rings.IsArray()) reader.wrong = "rings";
  for (uint32_t i = 0; reader.wrong == nullptr && i < rings.As<Napi::Array>().Length(); i++) {
    const Napi::Value ring = rings.As<Napi::Array>().Get(i);
    size_t length = 0;
    const void* const bytes = memory_of(ring, napi_uint8_array, length);
    if (bytes == nullptr) {
      reader.wrong = "rings";
      break;
    }
    rings_.push_back({static_cast<const uint8_t*>(bytes), length});
    reader.pinned.push_back(Napi::Reference<Napi::Value>::New(ring, 1));
  }
  if (reader.wrong != nullptr) {
    throw_type(env, std::string("AppFlows: wrong ") + reader.wrong);
    return;
  }
  Rows rows;
  rows.hot = hot.bytes;
  rows.cold = cold.bytes;
  rows.cold_bytes = cold_bytes;
  rows.count = std::min({hot.elements / kHotBytes, cold.elements / cold_bytes, states.elements});
  AppFlowsMemory memory;
  memory.tally = reinterpret_cast<double*>(tally.bytes);
  memory.states = states.bytes;
  memory.stream_ports = stream_ports.bytes;
  memory.datagram_ports = datagram_ports.bytes;
  memory.words = reinterpret_cast<int32_t*>(words.bytes);
  memory.tags = reinterpret_cast<int32_t*>(tags.bytes);
  memory.tag_mask = static_cast<uint32_t>(tags.elements - 1);
  flows_ = std::make_unique<AppFlows>(rows, memory);
  pinned_ = std::move(reader.pinned);
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

AppFlows* AppFlowsObject::flows_of(const Napi::Value& value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kTag)) return nullptr;
  return Unwrap(value.As<Napi::Object>())->flows_.get();
}

// ring, offset of the record in its memory, slot, side.
Napi::Value AppFlowsObject::offer(const Napi::CallbackInfo& info) {
  const size_t ring = slot_of(info[0]);
  const size_t offset = slot_of(info[1]);
  Offered answer = Offered::kDeclined;
  if (ring < rings_.size() && offset % kRecordAlign == 0 && offset + kRecordBytes <= rings_[ring].length) {
    const PacketRecord& record = *reinterpret_cast<const PacketRecord*>(rings_[ring].bytes + offset);
    if (offset + record.length <= rings_[ring].length) answer = flows_->offer(slot_of(info[2]), slot_of(info[3]) & 1, record);
  }
  return Napi::Number::New(info.Env(), static_cast<double>(answer));
}

Napi::Value AppFlowsObject::again(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(flows_->again(slot_of(info[0]))));
}

Napi::Value AppFlowsObject::conclude(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(flows_->conclude(slot_of(info[0]))));
}

Napi::Value AppFlowsObject::release(const Napi::CallbackInfo& info) {
  OpenFlow* const flow = flows_->release(slot_of(info[0]));
  if (flow == nullptr) return info.Env().Null();
  const Napi::Object value = flow_value(info.Env(), *flow);
  flows_->recycle(flow);
  return value;
}

Napi::Value AppFlowsObject::note(const Napi::CallbackInfo& info) {
  text_.clear();
  flows_->append_note(text_, slot_of(info[0]));
  return Napi::String::New(info.Env(), text_);
}

void AppFlowsObject::forget(const Napi::CallbackInfo& info) { flows_->forget(slot_of(info[0])); }

Napi::Value AppFlowsObject::oldest(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(flows_->oldest()));
}

Napi::Value AppFlowsObject::names(const Napi::CallbackInfo& info) {
  const std::vector<ToldName> names = flows_->take_names();
  size_t bytes = 0;
  for (const ToldName& told : names) bytes += listed_bytes(told);
  Napi::Uint8Array list = Napi::Uint8Array::New(info.Env(), bytes);
  uint8_t* at = list.Data();
  for (const ToldName& told : names) at = put_listed(at, told);
  return list;
}

void AppFlowsObject::learn(const Napi::CallbackInfo& info) { learn_certificate(info, flows_->readers().certificates()); }

Napi::Value AppFlowsObject::unknown(const Napi::CallbackInfo& info) {
  return unknown_certificates(info.Env(), flows_->readers().certificates());
}

}  // namespace weir
