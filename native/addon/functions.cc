#include "functions.h"

#include <algorithm>
#include <cstring>

#include "../base/memory_advice.h"
#include "../capture/frame_filter.h"
#include "../capture/frame_reader.h"
#include "../capture/generator.h"
#include "../capture/live_source.h"
#include "arguments.h"
#include "checked_values.h"
#include "facts.h"

namespace weir {
namespace {

// The record as it stands in a ring: fixed part, then SACK blocks.
Napi::Value record_value(Napi::Env env, DecodedRecord& decoded) {
  const uint32_t sack_bytes = std::min<uint32_t>(decoded.record.sackCount, kMaxSack) * static_cast<uint32_t>(sizeof(SackBlock));
  decoded.record.length = kRecordBytes + sack_bytes;
  Napi::Uint8Array bytes = Napi::Uint8Array::New(env, decoded.record.length);
  std::memcpy(bytes.Data(), &decoded.record, kRecordBytes);
  std::memcpy(bytes.Data() + kRecordBytes, decoded.sack, sack_bytes);
  return bytes;
}

PacketRecord undecoded_record(const Frame& frame, const Decoded& decoded) {
  PacketRecord record{};
  record.kind = static_cast<uint8_t>(RecordKind::kFrame);
  record.decodeStatus = static_cast<uint16_t>(decoded.disposition == Disposition::kRejected ? decoded.reason : Reject::kNone);
  record.wireLen = frame.wire;
  record.capLen = frame.captured;
  record.linkType = frame.link_type;
  record.ordinal = frame.ordinal;
  return record;
}

Napi::Value advise(const Napi::CallbackInfo& info, bool (*tell)(void*, size_t), const char* complaint) {
  size_t length = 0;
  void* const bytes = memory_of(info[0], napi_uint8_array, length);
  return bytes == nullptr ? refuse(info.Env(), complaint) : Napi::Boolean::New(info.Env(), tell(bytes, length));
}

}  // namespace

Napi::Value list_interfaces_value(const Napi::CallbackInfo& info) {
  Result<std::vector<InterfaceFacts>> interfaces = list_interfaces();
  if (!interfaces.ok()) {
    Napi::Error::New(info.Env(), interfaces.failure().message).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  const Napi::Array result = Napi::Array::New(info.Env(), interfaces.value().size());
  for (uint32_t i = 0; i < interfaces.value().size(); ++i) result.Set(i, interface_value(info.Env(), interfaces.value()[i]));
  return result;
}

// Opens the diverting source as a capture would, with a filter that takes nothing, and closes it.
Napi::Value probe_divert(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsString()) return refuse(env, "probeDivert needs the path of WinDivert.dll");
#ifndef _WIN32
  const Napi::Object nowhere = Napi::Object::New(env);
  nowhere.Set("code", Napi::String::New(env, "SOURCE_OPEN"));
  nowhere.Set("message", Napi::String::New(env, "WinDivert is for Windows"));
  nowhere.Set("hint", Napi::String::New(env, ""));
  return nowhere;
#endif
  EngineOptions options;
  options.sources.push_back({SourceKind::kLive, "probe", 1, {}});
  options.divert.emplace();
  options.divert->library = info[0].As<Napi::String>().Utf8Value();
  options.divert->filter = "false";
  Result<std::vector<std::unique_ptr<LiveSource>>> opened = open_live_sources(options);
  if (opened.ok()) return env.Null();
  const Napi::Object failure = Napi::Object::New(env);
  failure.Set("code", Napi::String::New(env, opened.failure().code));
  failure.Set("message", Napi::String::New(env, opened.failure().message));
  failure.Set("hint", Napi::String::New(env, opened.failure().hint));
  return failure;
}

Napi::Value check_filter_value(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 3 || !info[0].IsString() || !info[1].IsNumber() || !info[2].IsNumber()) {
    return refuse(env, "checkFilter needs an expression, a link type and a snaplen");
  }
  const std::string message = check_filter(info[0].As<Napi::String>().Utf8Value(), info[1].As<Napi::Number>().Int32Value(),
                                           info[2].As<Napi::Number>().Int32Value());
  return message.empty() ? env.Null() : Napi::String::New(env, message);
}

Napi::Value prefer_huge_pages_value(const Napi::CallbackInfo& info) {
  return advise(info, prefer_huge_pages, "preferHugePages needs bytes");
}

Napi::Value discard_memory_value(const Napi::CallbackInfo& info) { return advise(info, discard_pages, "discardMemory needs bytes"); }

// The accounted record first, then annotations; a frame without a tuple gives one FRAME record with its status.
Napi::Value decode_frame(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  size_t length = 0;
  const void* const bytes = memory_of(info[0], napi_uint8_array, length);
  if (bytes == nullptr || !info[1].IsNumber() || !info[2].IsNumber() || !info[3].IsObject()) {
    return refuse(env, "decodeFrame needs bytes, a link type, a wire length and options");
  }
  Arguments arguments(env);
  const Napi::Object given = info[3].As<Napi::Object>();
  DecodeOptions options;
  options.tunnels = arguments.boolean(given, "tunnels");
  options.vlan_aware = arguments.boolean(given, "vlanAware");
  options.verify_checksums = arguments.boolean(given, "verifyChecksums");
  arguments.key(given.Get("hashKey"), options.hash_key);
  if (!arguments.ok()) {
    arguments.throw_error();
    return env.Undefined();
  }
  Frame frame{};
  frame.bytes = static_cast<const uint8_t*>(bytes);
  frame.captured = static_cast<uint32_t>(length);
  frame.wire = info[2].As<Napi::Number>().Uint32Value();
  frame.link_type = static_cast<uint16_t>(info[1].As<Napi::Number>().Uint32Value());
  frame.ordinal = 1;
  frame.stripped_vlan = kNoStrippedVlan;
  Decoder decoder(options);
  const auto decoded = std::make_unique<Decoded>();
  decoder.decode(frame, *decoded);
  const Napi::Array result = Napi::Array::New(env);
  if (decoded->disposition == Disposition::kFlow) {
    for (int i = 0; i < decoded->count; ++i) result.Set(static_cast<uint32_t>(i), record_value(env, decoded->records[i]));
  } else {
    DecodedRecord plain{};
    plain.record = undecoded_record(frame, *decoded);
    result.Set(0U, record_value(env, plain));
  }
  return result;
}

Napi::Value write_capture(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsObject() || !info[1].IsString()) return refuse(env, "writeCapture needs a generator and a path");
  Arguments arguments(env);
  const GeneratorSpec spec = arguments.generator(info[0].As<Napi::Object>());
  if (!arguments.ok()) {
    arguments.throw_error();
    return env.Undefined();
  }
  Result<uint64_t> written = write_generated_capture(spec, info[1].As<Napi::String>().Utf8Value());
  if (!written.ok()) {
    Napi::Error::New(env, written.failure().message).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  return Napi::Number::New(env, static_cast<double>(written.value()));
}

}  // namespace weir
