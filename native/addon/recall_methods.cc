// What is asked of the recall rings, from JavaScript and back; shapes as in src/native/engine.ts.
#include <cmath>
#include <cstring>

#include "../base/ip_text.h"
#include "arguments.h"
#include "checked_values.h"
#include "engine_object.h"

namespace weir {
namespace {

constexpr uint32_t kMaxClauses = 256;
constexpr double kAnyTime = 9e18;  // ns: 285 years
constexpr double kMaxPackets = 100'000;
constexpr double kMaxOrdinal = 9007199254740991.0;

Napi::Value answer_value(Napi::Env env, const RecallAnswer& answer) {
  Napi::ArrayBuffer bytes = Napi::ArrayBuffer::New(env, answer.records.size());
  if (!answer.records.empty()) std::memcpy(bytes.Data(), answer.records.data(), answer.records.size());
  Napi::Object value = Napi::Object::New(env);
  value.Set("records", Napi::Uint8Array::New(env, answer.records.size(), bytes, 0));
  value.Set("lostUntilNs", Napi::Number::New(env, answer.lost_until_ns));
  value.Set("more", Napi::Boolean::New(env, answer.more));
  return value;
}

// The argument as a number from `low` to `high`, NaN for anything else.
double number_argument(const Napi::CallbackInfo& info, size_t index, double low, double high) {
  if (info.Length() <= index || !info[index].IsNumber()) return std::nan("");
  const double value = info[index].As<Napi::Number>().DoubleValue();
  return value >= low && value <= high ? value : std::nan("");
}

}  // namespace

// null = anything.
int32_t Arguments::number_or_any(const Napi::Object& object, const char* name, double high) {
  return property(object, name).IsNull() ? -1 : static_cast<int32_t>(number(object, name, 0, high));
}

RecallEnd Arguments::recall_end(const Napi::Object& clause, const char* address, const char* port) {
  RecallEnd end;
  end.port = number_or_any(clause, port, 65'535);
  if (property(clause, address).IsNull()) return end;
  const std::string given = text(clause, address);
  end.any_address = false;
  end.ipv6 = given.find(':') != std::string::npos;
  if (!parse_ip(given, end.ipv6, end.address.data())) reject("not an IP address: " + given);
  return end;
}

RecallClause Arguments::recall_clause(const Napi::Object& object) {
  RecallClause clause;
  clause.one = recall_end(object, "address", "port");
  clause.other = recall_end(object, "peer", "peerPort");
  clause.protocol = number_or_any(object, "protocol", 255);
  clause.arp = boolean(object, "arp");
  return clause;
}

RecallMatch Arguments::recall_match(const Napi::Value& value) {
  RecallMatch match;
  if (!value.IsObject()) {
    reject("a match must be an object");
    return match;
  }
  const Napi::Object given = value.As<Napi::Object>();
  match.from_ns = number(given, "fromNs", -kAnyTime, kAnyTime);
  match.to_ns = number(given, "toNs", -kAnyTime, kAnyTime);
  match.limit = static_cast<uint32_t>(number(given, "limit", 0, kMaxPackets));
  match.newest = boolean(given, "newest");
  const Napi::Value clauses = property(given, "clauses");
  const uint32_t length = clauses.IsArray() ? clauses.As<Napi::Array>().Length() : kMaxClauses + 1;
  if (length > kMaxClauses) reject("clauses must be a list of at most 256");
  for (uint32_t i = 0; i < length && ok(); ++i) {
    const Napi::Value entry = clauses.As<Napi::Array>().Get(i);
    if (entry.IsObject()) match.clauses.push_back(recall_clause(entry.As<Napi::Object>()));
    else reject("a clause must be an object");
  }
  return match;
}

Napi::Value EngineObject::recall_recent(const Napi::CallbackInfo& info) {
  const double limit = number_argument(info, 0, 0, kMaxPackets);
  if (std::isnan(limit)) return refuse(info.Env(), "recallRecent needs a number of packets up to 100000");
  std::optional<double> before;
  if (info.Length() > 1 && info[1].IsNumber()) before = info[1].As<Napi::Number>().DoubleValue();
  return answer_value(info.Env(), recall().recent(static_cast<uint32_t>(limit), before));
}

Napi::Value EngineObject::recall_one(const Napi::CallbackInfo& info) {
  const double number = number_argument(info, 0, 1, kMaxOrdinal);
  if (std::isnan(number)) return refuse(info.Env(), "recallOne needs the number of a packet");
  return answer_value(info.Env(), recall().one(number));
}

Napi::Value EngineObject::recall_matching(const Napi::CallbackInfo& info) {
  Arguments arguments(info.Env());
  const RecallMatch match = arguments.recall_match(info.Length() > 0 ? info[0] : info.Env().Undefined());
  if (arguments.ok()) return answer_value(info.Env(), recall().matching(match));
  arguments.throw_error();
  return info.Env().Undefined();
}

}  // namespace weir
