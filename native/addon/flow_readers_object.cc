#include "flow_readers_object.h"

#include <algorithm>
#include <utility>

#include "../app/note_text.h"
#include "checked_values.h"

namespace weir {
namespace {

constexpr size_t kEventWords = 4;
constexpr size_t kLongestFlow = 1 << 20;

const char* text_of(Reading reading) {
  switch (reading) {
    case Reading::kMore: return "more";
    case Reading::kDone: return "done";
    default: return "odd";
  }
}

// The events and bytes of a call, as a reader is given them. False when they do not agree.
struct GivenFlow {
  FlowBytes flow;
  std::vector<AppEvent> events;
  std::string heads[2];

  bool read(const double* words, size_t count, Bytes bytes) {
    size_t at = 0;
    for (size_t i = 0; i + kEventWords <= count; i += kEventWords) {
      const double length = words[i + 1];
      if (!(length >= 0 && length <= 65535) || bytes.length - at < length) return false;
      const AppEvent event = {words[i + 2], static_cast<uint32_t>(std::clamp(words[i + 3], 0.0, 4294967295.0)), static_cast<uint16_t>(length),
                              static_cast<uint16_t>(words[i] == 0 ? kClient : kServer)};
      events.push_back(event);
      heads[event.side].append(bytes.part(at, event.length).text());
      at += event.length;
    }
    for (size_t side : {kClient, kServer}) flow.heads[side] = {reinterpret_cast<const uint8_t*>(heads[side].data()), heads[side].size()};
    flow.events = events.data();
    flow.event_count = events.size();
    flow.datagrams = bytes;
    return !events.empty() && at == bytes.length;
  }
};

Napi::Value learned_value(Napi::Env env, const std::vector<LearnedName>& names) {
  const Napi::Array list = Napi::Array::New(env, names.size());
  for (uint32_t i = 0; i < names.size(); i++) {
    const Napi::Object entry = Napi::Object::New(env);
    entry.Set("address", Napi::Buffer<char>::Copy(env, names[i].address.data(), names[i].address.size()));
    entry.Set("name", names[i].name);
    entry.Set("ttl", names[i].ttl);
    list.Set(i, entry);
  }
  return list;
}

}  // namespace

bool learn_certificate(const Napi::CallbackInfo& info, Certificates& certificates) {
  size_t length = 0;
  const void* const der = memory_of(info[0], napi_uint8_array, length);
  if (der == nullptr || info.Length() < 6 || !info[1].IsString() || !info[2].IsArray() || !info[3].IsNumber() || !info[4].IsNumber()) {
    throw_type(info.Env(), "learnCertificate needs a certificate and what is known of it");
    return false;
  }
  KnownCertificate known;
  known.json = info[1].As<Napi::String>().Utf8Value();
  const Napi::Array names = info[2].As<Napi::Array>();
  for (uint32_t i = 0; i < names.Length(); i++) known.names.push_back(names.Get(i).ToString().Utf8Value());
  known.not_before = info[3].As<Napi::Number>().DoubleValue();
  known.not_after = info[4].As<Napi::Number>().DoubleValue();
  known.self_signed = info[5].ToBoolean().Value();
  certificates.learn({static_cast<const uint8_t*>(der), length}, std::move(known));
  return true;
}

Napi::Value unknown_certificates(Napi::Env env, Certificates& certificates) {
  const std::vector<std::string> unknown = certificates.take_unknown();
  const Napi::Array list = Napi::Array::New(env, unknown.size());
  for (uint32_t i = 0; i < unknown.size(); i++) {
    Napi::Uint8Array der = Napi::Uint8Array::New(env, unknown[i].size());
    std::copy(unknown[i].begin(), unknown[i].end(), der.Data());
    list.Set(i, der);
  }
  return list;
}

Napi::Function FlowReadersObject::define(Napi::Env env) {
  return DefineClass(env, "FlowReaders",
                     {
                         InstanceMethod<&FlowReadersObject::read>("read"),
                         InstanceMethod<&FlowReadersObject::learn>("learnCertificate"),
                         InstanceMethod<&FlowReadersObject::unknown>("unknownCertificates"),
                     });
}

Napi::Value FlowReadersObject::read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsObject()) return refuse(env, "read needs a flow");
  const Napi::Object input = info[0].As<Napi::Object>();
  size_t words = 0;
  size_t length = 0;
  const void* const events = memory_of(input.Get("events"), napi_float64_array, words);
  const void* const bytes = memory_of(input.Get("bytes"), napi_uint8_array, length);
  GivenFlow given;
  if (events == nullptr || bytes == nullptr || length > kLongestFlow ||
      !given.read(static_cast<const double*>(events), words, {static_cast<const uint8_t*>(bytes), length})) {
    return refuse(env, "read needs events and their bytes");
  }
  given.flow.client_port = static_cast<uint16_t>(input.Get("clientPort").ToNumber().Uint32Value());
  given.flow.server_port = static_cast<uint16_t>(input.Get("serverPort").ToNumber().Uint32Value());
  given.flow.ended = input.Get("ended").ToBoolean().Value();
  const uint32_t number = input.Get("protocol").ToNumber().Uint32Value();
  if (number == 0 || number >= static_cast<uint32_t>(AppProtocol::kCount)) return refuse(env, "read needs a protocol");
  const AppProtocol protocol = static_cast<AppProtocol>(number);
  const Reading reading = readers_.read(protocol, given.flow, found_);
  std::string note;
  if (reading == Reading::kDone) put_note(note, protocol, found_);
  const Napi::Object answer = Napi::Object::New(env);
  const Napi::Array need = Napi::Array::New(env, 2);
  for (uint32_t side : {0u, 1u}) need.Set(side, static_cast<double>(found_.need[side]));
  answer.Set("reading", text_of(reading));
  answer.Set("note", note);
  answer.Set("need", need);
  answer.Set("full", found_.full);
  answer.Set("saidFirst", found_.said_first);
  answer.Set("learned", learned_value(env, found_.learned));
  return answer;
}

}  // namespace weir
