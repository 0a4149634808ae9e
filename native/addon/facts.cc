#include "facts.h"

#include <string>

#include "../base/ip_text.h"

namespace weir {
namespace {

const char* type_name(Event::Type type) {
  switch (type) {
    case Event::Type::kStarted: return "started";
    case Event::Type::kFile: return "file";
    case Event::Type::kWarning: return "warning";
    case Event::Type::kError: return "error";
    case Event::Type::kFinished: return "finished";
  }
  return "";
}

void set_text(Napi::Object& object, const char* name, const std::string& text) { object.Set(name, Napi::String::New(object.Env(), text)); }
void set_number(Napi::Object& object, const char* name, double number) { object.Set(name, Napi::Number::New(object.Env(), number)); }
void set_flag(Napi::Object& object, const char* name, bool flag) { object.Set(name, Napi::Boolean::New(object.Env(), flag)); }

Napi::Array thread_values(Napi::Env env, const std::vector<ThreadFacts>& threads) {
  const Napi::Array result = Napi::Array::New(env, threads.size());
  for (uint32_t i = 0; i < threads.size(); ++i) {
    Napi::Object thread = Napi::Object::New(env);
    set_text(thread, "name", threads[i].name.substr(0, 15));
    set_text(thread, "source", threads[i].source);
    thread.Set("cpu", threads[i].cpu < 0 ? env.Null() : Napi::Number::New(env, threads[i].cpu));
    Napi::Object detail = Napi::Object::New(env);
    for (const auto& [name, number] : threads[i].numbers) set_number(detail, name.c_str(), number);
    thread.Set("detail", detail);
    result.Set(i, thread);
  }
  return result;
}

void set_failure(Napi::Object& value, const Event& event) {
  set_text(value, "code", event.failure.code);
  set_text(value, "message", event.failure.message);
  if (event.type == Event::Type::kWarning) {
    if (event.numbers.empty()) return;
    Napi::Object detail = Napi::Object::New(value.Env());
    for (const auto& [name, number] : event.numbers) set_number(detail, name.c_str(), number);
    value.Set("detail", detail);
    return;
  }
  if (!event.failure.hint.empty()) set_text(value, "hint", event.failure.hint);
  if (!event.failure.path.empty()) set_text(value, "path", event.failure.path);
  if (event.failure.error_number != 0) set_number(value, "errno", event.failure.error_number);
}

}  // namespace

Napi::Object event_value(Napi::Env env, const Event& event) {
  Napi::Object value = Napi::Object::New(env);
  set_text(value, "type", type_name(event.type));
  switch (event.type) {
    case Event::Type::kStarted:
      value.Set("threads", thread_values(env, event.threads));
      break;
    case Event::Type::kFile:
      set_text(value, "path", event.text);
      set_number(value, "bytes", static_cast<double>(event.bytes));
      set_number(value, "index", event.index);
      break;
    case Event::Type::kWarning:
    case Event::Type::kError:
      set_failure(value, event);
      break;
    case Event::Type::kFinished:
      set_text(value, "reason", event.text);
      break;
  }
  return value;
}

Napi::Object tunnel_value(Napi::Env env, const Tunnel& tunnel) {
  Napi::Object value = Napi::Object::New(env);
  set_number(value, "id", tunnel.id);
  set_number(value, "type", static_cast<double>(tunnel.type));
  set_number(value, "protocol", tunnel.protocol);
  set_number(value, "ipVersion", tunnel.ipv6 ? 6 : 4);
  set_text(value, "source", ip_text(tunnel.source, tunnel.ipv6));
  set_text(value, "destination", ip_text(tunnel.destination, tunnel.ipv6));
  set_number(value, "sourcePort", tunnel.source_port);
  set_number(value, "destinationPort", tunnel.destination_port);
  value.Set("scope", tunnel.has_scope ? Napi::Number::New(env, tunnel.scope) : env.Null());
  set_number(value, "parent", tunnel.parent);
  return value;
}

Napi::Object reject_value(Napi::Env env, uint32_t reason, const RejectSample& sample) {
  static const char* const kDigits = "0123456789abcdef";
  std::string hex;
  for (uint32_t i = 0; i < sample.bytes; ++i) {
    hex += kDigits[sample.first[i] >> 4];
    hex += kDigits[sample.first[i] & 15];
  }
  Napi::Object value = Napi::Object::New(env);
  set_number(value, "reason", reason);
  set_number(value, "needed", sample.needed);
  set_number(value, "available", sample.available);
  set_number(value, "linkType", sample.link_type);
  set_number(value, "ordinal", sample.ordinal);
  set_text(value, "hex", hex);
  return value;
}

Napi::Object interface_value(Napi::Env env, const InterfaceFacts& facts) {
  Napi::Object value = Napi::Object::New(env);
  set_text(value, "name", facts.name);
  set_text(value, "description", facts.description);
  set_number(value, "index", facts.index);
  set_flag(value, "up", facts.up);
  set_flag(value, "running", facts.running);
  set_flag(value, "loopback", facts.loopback);
  set_flag(value, "pointToPoint", facts.point_to_point);
  set_flag(value, "wireless", facts.wireless);
  const Napi::Array addresses = Napi::Array::New(env, facts.addresses.size());
  for (uint32_t i = 0; i < facts.addresses.size(); ++i) {
    Napi::Object address = Napi::Object::New(env);
    set_text(address, "address", facts.addresses[i].address);
    set_number(address, "family", facts.addresses[i].family);
    set_number(address, "prefix", facts.addresses[i].prefix);
    addresses.Set(i, address);
  }
  value.Set("addresses", addresses);
  value.Set("mac", facts.mac.empty() ? env.Null() : Napi::String::New(env, facts.mac));
  return value;
}

}  // namespace weir
