#include "arguments.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../base/ip_text.h"
#include "../capture/recall_ring.h"
#include "../capture/verdict_table.h"
#include "checked_values.h"

namespace weir {
namespace {

constexpr double kMaxCount = 9007199254740991.0;
constexpr uint32_t kMaxSources = 4096;
constexpr uint32_t kMaxShards = 256;
constexpr uint32_t kMaxFanout = 64;
constexpr uint32_t kMaxOwnEndpoints = 64;

}  // namespace

void Arguments::reject(const std::string& what) {
  if (error_.empty()) error_ = what;
}

void Arguments::throw_error() const {
  if (!env_.IsExceptionPending()) Napi::TypeError::New(env_, error_).ThrowAsJavaScriptException();
}

Napi::Value Arguments::property(const Napi::Object& object, const char* name) {
  Napi::Value value = object.Get(name);
  if (!value.IsEmpty()) return value;
  reject(std::string(name) + " cannot be read");
  return env_.Undefined();
}

Napi::Object Arguments::object(const Napi::Object& parent, const char* name) {
  const Napi::Value value = property(parent, name);
  if (value.IsObject()) return value.As<Napi::Object>();
  reject(std::string(name) + " must be an object");
  return Napi::Object::New(env_);
}

double Arguments::number(const Napi::Object& object, const char* name, double low, double high) {
  const Napi::Value value = property(object, name);
  const double result = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (result >= low && result <= high) return result;
  reject(std::string(name) + " must be a number from " + std::to_string(static_cast<int64_t>(low)) + " to " + std::to_string(static_cast<int64_t>(high)));
  return low;
}

bool Arguments::boolean(const Napi::Object& object, const char* name) {
  const Napi::Value value = property(object, name);
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  reject(std::string(name) + " must be true or false");
  return false;
}

std::string Arguments::text(const Napi::Object& object, const char* name) {
  const Napi::Value value = property(object, name);
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  reject(std::string(name) + " must be a string");
  return "";
}

bool Arguments::key(const Napi::Value& value, uint8_t* into) {
  size_t length = 0;
  const void* const bytes = memory_of(value, napi_uint8_array, length);
  const bool good = bytes != nullptr && length == 16;
  if (good) std::memcpy(into, bytes, 16);
  if (!good) reject("hashKey must be 16 bytes");
  return good;
}

GeneratorSpec Arguments::generator(const Napi::Object& object) {
  GeneratorSpec spec;
  const std::string profile = text(object, "profile");
  const char* const names[] = {"imix", "small", "flood", "collision", "mixed", "apps"};
  const auto found = std::find(std::begin(names), std::end(names), profile);
  if (found == std::end(names)) {
    reject("unknown generator profile " + profile);
  } else {
    spec.profile = static_cast<Profile>(found - std::begin(names));
  }
  spec.packets = static_cast<uint64_t>(number(object, "packets", 0, kMaxCount));
  spec.flows = static_cast<uint64_t>(number(object, "flows", 1, 4294967295.0));
  spec.seed = static_cast<uint64_t>(number(object, "seed", 0, kMaxCount));
  spec.rate = number(object, "rate", 1e-3, 1e12);
  return spec;
}

SourceSpec Arguments::source(const Napi::Object& object) {
  SourceSpec result;
  const std::string kind = text(object, "kind");
  if (kind == "file") {
    result.kind = SourceKind::kFile;
    result.name = text(object, "path");
  } else if (kind == "live") {
    result.kind = SourceKind::kLive;
    result.name = text(object, "interface");
    result.fanout = static_cast<uint32_t>(number(object, "fanout", 1, kMaxFanout));
  } else if (kind == "generator") {
    result.kind = SourceKind::kGenerator;
    result.generator = generator(object);
    result.name = "generator:" + text(object, "profile");
  } else {
    reject("unknown kind of source: " + kind);
  }
  return result;
}

std::vector<SourceSpec> Arguments::sources(const Napi::Object& options) {
  std::vector<SourceSpec> result;
  const Napi::Value value = property(options, "sources");
  const uint32_t length = value.IsArray() ? value.As<Napi::Array>().Length() : 0;
  if (length == 0 || length > kMaxSources) reject("sources must be a list of 1 to 4096 sources");
  for (uint32_t i = 0; i < length && ok(); ++i) {
    const Napi::Value entry = value.As<Napi::Array>().Get(i);
    if (!entry.IsObject()) {
      reject("a source must be an object");
      break;
    }
    result.push_back(source(entry.As<Napi::Object>()));
  }
  const auto live = std::count_if(result.begin(), result.end(), [](const SourceSpec& spec) { return spec.kind == SourceKind::kLive; });
  if (live != 0 && static_cast<size_t>(live) != result.size()) reject("live interfaces and files cannot be mixed");
  return result;
}

// A Uint8Array over a SharedArrayBuffer of fixed length: only such memory stays where it is while a thread writes it.
RingView Arguments::ring(const Napi::Value& value) {
  size_t length = 0;
  void* const bytes = memory_of(value, napi_uint8_array, length);
  if (bytes == nullptr) {
    reject("a ring must be a Uint8Array");
    return RingView();
  }
  const Napi::Value buffer = property(value.As<Napi::Object>(), "buffer");
  if (!buffer.IsObject() || buffer.IsArrayBuffer()) {
    reject("a ring must be a view of a SharedArrayBuffer");
    return RingView();
  }
  if (property(buffer.As<Napi::Object>(), "growable").ToBoolean().Value()) {
    reject("a ring must not be a view of a growable SharedArrayBuffer");
    return RingView();
  }
  const char* const wrong = RingView::check(static_cast<const uint8_t*>(bytes), length);
  if (wrong != nullptr) {
    reject(wrong);
    return RingView();
  }
  return RingView(static_cast<uint8_t*>(bytes));
}

std::vector<RingView> Arguments::ring_list(const Napi::Value& value, std::vector<Napi::Reference<Napi::Value>>& pinned) {
  std::vector<RingView> result;
  if (!value.IsArray()) {
    reject("rings must be lists");
    return result;
  }
  const Napi::Array list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length() && ok(); ++i) {
    const Napi::Value entry = list.Get(i);
    result.push_back(ring(entry));
    if (ok()) pinned.push_back(Napi::Reference<Napi::Value>::New(entry, 1));
  }
  return result;
}

void Arguments::rings(const Napi::Object& options, EngineOptions& result, std::vector<Napi::Reference<Napi::Value>>& pinned) {
  const uint32_t threads = threads_of(result.sources);
  const Napi::Value value = property(options, "rings");
  if (!value.IsArray() || value.As<Napi::Array>().Length() != threads) {
    return reject("rings must have one list per capture thread: " + std::to_string(threads));
  }
  for (uint32_t thread = 0; thread < threads && ok(); ++thread) {
    result.rings.push_back(ring_list(value.As<Napi::Array>().Get(thread), pinned));
    if (ok() && result.rings.back().size() != result.shards) reject("each list of rings must have one ring per shard");
  }
  const Napi::Value tap = property(options, "tap");
  if (tap.IsNull() || !ok()) return;
  result.taps = ring_list(tap, pinned);
  if (ok() && result.taps.size() != threads) reject("tap must have one ring per capture thread");
}

void Arguments::tap(const Napi::Object& options, EngineOptions& result) {
  const Napi::Object value = object(options, "tapSelect");
  if (!ok()) return;
  result.tap.all = boolean(value, "all");
  result.tap.every = static_cast<uint64_t>(number(value, "every", 0, kMaxCount));
  result.tap.discovery = boolean(value, "discovery");
}

void Arguments::recall(const Napi::Object& options, EngineOptions& result) {
  if (property(options, "recall").IsNull()) return;
  const Napi::Object value = object(options, "recall");
  result.recall.snaplen = static_cast<uint32_t>(number(value, "snaplen", 64, 65'535));
  const double least = static_cast<double>(RecallRing::least_bytes(result.recall.snaplen) * threads_of(result.sources));
  result.recall.bytes = static_cast<uint64_t>(number(value, "bytes", least, kMaxCount));
}

void Arguments::speed(const Napi::Object& options, EngineOptions& result) {
  const Napi::Object value = object(options, "speed");
  const std::string mode = text(value, "mode");
  if (mode == "time") {
    result.speed_mode = SpeedMode::kTime;
    result.speed = number(value, "factor", 1e-6, 1e9);
  } else if (mode == "rate") {
    result.speed_mode = SpeedMode::kRate;
    result.speed = number(value, "pps", 1e-3, 1e12);
  } else if (mode != "max") {
    reject("unknown speed mode: " + mode);
  }
}

std::vector<Endpoint> Arguments::own_endpoints(const Napi::Object& options) {
  std::vector<Endpoint> result;
  const Napi::Value value = property(options, "ownEndpoints");
  if (!value.IsArray() || value.As<Napi::Array>().Length() > kMaxOwnEndpoints) {
    reject("ownEndpoints must be a list of at most 64");
    return result;
  }
  const Napi::Array list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length() && ok(); ++i) {
    const Napi::Value entry = list.Get(i);
    if (!entry.IsObject()) {
      reject("an own endpoint must be an object");
      break;
    }
    Endpoint endpoint;
    const std::string address = text(entry.As<Napi::Object>(), "address");
    endpoint.ipv6 = address.find(':') != std::string::npos;
    if (!parse_ip(address, endpoint.ipv6, endpoint.address.data())) reject("not an IP address: " + address);
    endpoint.port = static_cast<uint16_t>(number(entry.As<Napi::Object>(), "port", 0, 65535));
    endpoint.protocol = static_cast<uint8_t>(number(entry.As<Napi::Object>(), "protocol", 0, 255));
    result.push_back(endpoint);
  }
  return result;
}

void Arguments::outputs(const Napi::Object& options, EngineOptions& result) {
  if (!property(options, "writePcap").IsNull()) {
    const Napi::Object value = object(options, "writePcap");
    WritePcap target;
    target.path = text(value, "path");
    target.rotate_bytes = static_cast<uint64_t>(number(value, "rotateMb", 0, 1e9) * 1024 * 1024);
    target.max_files = static_cast<uint32_t>(number(value, "maxFiles", 0, 999'999));
    result.write_pcap = target;
  }
  if (property(options, "fault").IsNull()) return;
  const Napi::Object value = object(options, "fault");
  FaultPlan plan;
  plan.seed = static_cast<uint64_t>(number(value, "seed", 0, kMaxCount));
  const auto given = [&](const char* name) { return !property(value, name).IsUndefined(); };
  if (given("failAfterFrames")) plan.fail_after_frames = static_cast<uint64_t>(number(value, "failAfterFrames", 0, kMaxCount));
  if (given("cutTo")) plan.cut_to = static_cast<uint32_t>(number(value, "cutTo", 0, 1 << 24));
  if (given("corrupt")) plan.corrupt = number(value, "corrupt", 0, 1);
  if (given("dropWhenFull")) plan.drop_when_full = boolean(value, "dropWhenFull");
  result.fault = plan;
}

void Arguments::carry(const Napi::Object& options, EngineOptions& result, std::vector<Napi::Reference<Napi::Value>>& pinned) {
  result.carry.bytes = static_cast<uint32_t>(number(options, "carryBytes", 0, 65535));
  result.carry.idle_ms = static_cast<uint32_t>(number(options, "carryIdleMs", 0, 4294967295.0));
  const Napi::Value tags = property(options, "carryTags");
  if (!ok() || tags.IsNull()) return;
  size_t length = 0;
  void* const bytes = memory_of(tags, napi_uint8_array, length);
  const size_t places = length / sizeof(uint32_t);
  if (bytes == nullptr || places == 0 || (places & (places - 1)) != 0 || reinterpret_cast<uintptr_t>(bytes) % sizeof(uint32_t) != 0) {
    return reject("carryTags must be null or a Uint8Array over a power of two of 32-bit words");
  }
  result.carry.tags = static_cast<std::atomic<uint32_t>*>(bytes);
  result.carry.places = static_cast<uint32_t>(places);
  pinned.push_back(Napi::Reference<Napi::Value>::New(tags, 1));
}

void Arguments::divert(const Napi::Object& options, EngineOptions& result, std::vector<Napi::Reference<Napi::Value>>& pinned) {
  if (property(options, "divert").IsNull()) return;
  const Napi::Object value = object(options, "divert");
  DivertOptions target;
  target.inline_mode = boolean(value, "inline");
  target.clamp_mss = static_cast<uint16_t>(number(value, "clampMssBytes", 0, 65'535));
  target.library = text(value, "library");
  target.filter = text(value, "filter");
  target.queue_length = static_cast<uint32_t>(number(value, "queueLength", 32, 16'384));
  target.queue_time_ms = static_cast<uint32_t>(number(value, "queueTimeMs", 100, 16'000));
  target.queue = static_cast<uint16_t>(number(value, "queue", 0, 65535));
  const Napi::Value verdicts = property(value, "verdicts");
  if (ok() && !verdicts.IsNull()) {
    void* const bytes = memory_of(verdicts, napi_uint8_array, target.verdict_bytes);
    const char* const wrong = bytes != nullptr ? VerdictTable::check(bytes, target.verdict_bytes) : "verdicts must be null or a Uint8Array";
    if (wrong != nullptr) return reject(wrong);
    target.verdicts = bytes;
    pinned.push_back(Napi::Reference<Napi::Value>::New(verdicts, 1));
  }
  result.divert = target;
}

EngineOptions Arguments::engine_options(const Napi::Value& value, std::vector<Napi::Reference<Napi::Value>>& pinned) {
  EngineOptions result;
  if (!value.IsObject()) {
    reject("options must be an object");
    return result;
  }
  const Napi::Object options = value.As<Napi::Object>();
  result.sources = sources(options);
  result.shards = static_cast<uint32_t>(number(options, "shards", 1, kMaxShards));
  if (ok()) rings(options, result, pinned);
  if (ok()) carry(options, result, pinned);
  if (ok()) tap(options, result);
  if (ok()) recall(options, result);
  key(property(options, "hashKey"), result.hash_key.data());
  result.tick_ns = static_cast<int64_t>(number(options, "tickMs", 1, 86'400'000) * 1e6);
  result.snaplen = static_cast<uint32_t>(number(options, "snaplen", 0, 262'144));
  result.promiscuous = boolean(options, "promiscuous");
  result.timeout_ms = static_cast<uint32_t>(number(options, "timeoutMs", 0, 60'000));
  result.buffer_mb = static_cast<uint32_t>(number(options, "bufferMb", 1, 2047));
  result.immediate = boolean(options, "immediate");
  result.filter = text(options, "filter");
  result.count = static_cast<uint64_t>(number(options, "count", 0, kMaxCount));
  speed(options, result);
  result.loop = static_cast<uint64_t>(number(options, "loop", 0, kMaxCount));
  result.tunnels = boolean(options, "tunnels");
  result.vlan_aware = boolean(options, "vlanAware");
  result.suppress_loopback = boolean(options, "suppressLoopback");
  result.own_endpoints = own_endpoints(options);
  result.verify_checksums = boolean(options, "verifyChecksums");
  result.arp = boolean(options, "arp");
  outputs(options, result);
  if (ok()) divert(options, result, pinned);
  return result;
}

}  // namespace weir
