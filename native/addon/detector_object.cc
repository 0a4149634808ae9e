#include "detector_object.h"

#include <cmath>
#include <string>
#include <utility>

#include "../dpi/ndpi_batch.h"
#include "checked_values.h"

namespace weir {
namespace {

void throw_range(Napi::Env env, const std::string& message) { Napi::RangeError::New(env, message).ThrowAsJavaScriptException(); }

// A whole number from `low` to `high` among an object's properties; absent ones stay as they are. False: an exception is pending.
template <typename Number>
bool read_number(const Napi::Object& object, const char* name, double low, double high, Number& into) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined()) return true;
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(number >= low && number <= high) || number != std::floor(number)) {
    throw_range(object.Env(), std::string(name) + " is a whole number from " + std::to_string(static_cast<uint64_t>(low)) + " to " +
                                  std::to_string(static_cast<uint64_t>(high)));
    return false;
  }
  into = static_cast<Number>(number);
  return true;
}

// The argument as an unsigned number; 0xffffffff, which is no slot and no id, for anything else.
uint32_t unsigned_argument(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsNumber()) return UINT32_MAX;
  const double number = info[0].As<Napi::Number>().DoubleValue();
  return number >= 0 && number < UINT32_MAX && number == std::floor(number) ? static_cast<uint32_t>(number) : UINT32_MAX;
}

uint32_t* words_of(const Napi::Value& value, size_t& length) { return static_cast<uint32_t*>(memory_of(value, napi_int32_array, length)); }

Napi::Value text_or_null(Napi::Env env, const char* text) { return text == nullptr ? env.Null() : Napi::String::New(env, text); }

}  // namespace

Napi::Function DetectorObject::define(Napi::Env env) {
  return DefineClass(env, "Detector",
                     {
                         InstanceMethod<&DetectorObject::process>("process"),
                         InstanceMethod<&DetectorObject::give_up>("giveUp"),
                         InstanceMethod<&DetectorObject::release>("release"),
                         InstanceMethod<&DetectorObject::host_name>("hostName"),
                         InstanceMethod<&DetectorObject::protocol_name>("protocolName"),
                         InstanceMethod<&DetectorObject::category_name>("categoryName"),
                         InstanceMethod<&DetectorObject::confidence_name>("confidenceName"),
                         InstanceMethod<&DetectorObject::is_guess>("isGuess"),
                         InstanceMethod<&DetectorObject::risk_name>("riskName"),
                         InstanceMethod<&DetectorObject::protocols>("protocols"),
                         InstanceMethod<&DetectorObject::memory>("memory"),
                         InstanceMethod<&DetectorObject::counters>("counters"),
                         InstanceMethod<&DetectorObject::close>("close"),
                     });
}

DetectorObject::DetectorObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DetectorObject>(info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsObject()) {
    throw_type(env, "Detector needs options");
    return;
  }
  const Napi::Object given = info[0].As<Napi::Object>();
  DpiOptions options;
  if (!read_number(given, "maxFlows", 0, UINT32_MAX, options.max_flows) || !read_number(given, "maxSlots", 1, 1u << 28, options.max_slots) ||
      !read_number(given, "maxPackets", 1, 255, options.max_packets) ||
      !read_number(given, "maxFlowHeap", 0, 1u << 30, options.max_flow_heap)) {
    return;
  }
  std::string why;
  detector_ = Detector::open(options, why);
  if (detector_ == nullptr) {
    Napi::Error::New(env, why).ThrowAsJavaScriptException();
    return;
  }
  told_bytes_ = detector_->memory().module_bytes;
  Napi::MemoryManagement::AdjustExternalMemory(env, told_bytes_);
}

void DetectorObject::Finalize(Napi::BasicEnv env) {
  if (detector_ != nullptr) Napi::MemoryManagement::AdjustExternalMemory(env, -told_bytes_);
}

void DetectorObject::close(const Napi::CallbackInfo& info) {
  if (detector_ == nullptr) return;
  detector_.reset();
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), -told_bytes_);
}

Detector* DetectorObject::open(Napi::Env env) {
  if (detector_ == nullptr) Napi::Error::New(env, "this detector has been closed").ThrowAsJavaScriptException();
  return detector_.get();
}

// (entries: Int32Array, count, bytes: Uint8Array, results: Int32Array) => number of results that say something
Napi::Value DetectorObject::process(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Detector* const detector = open(env);
  if (detector == nullptr) return env.Undefined();
  size_t entry_words = 0;
  size_t byte_count = 0;
  size_t result_words = 0;
  const bool complete = info.Length() >= 4 && info[1].IsNumber();
  const uint32_t* const entries = complete ? words_of(info[0], entry_words) : nullptr;
  const void* const bytes = complete ? memory_of(info[2], napi_uint8_array, byte_count) : nullptr;
  uint32_t* const results = complete ? words_of(info[3], result_words) : nullptr;
  if (entries == nullptr || bytes == nullptr || results == nullptr) {
    return refuse(env, "process needs an Int32Array, a number, a Uint8Array and an Int32Array");
  }
  const double wanted = info[1].As<Napi::Number>().DoubleValue();
  if (!(wanted >= 0 && wanted * kDpiEntryWords <= static_cast<double>(entry_words) && wanted * kDpiResultWords <= static_cast<double>(result_words))) {
    throw_range(env, "the arrays are too short for that many entries");
    return env.Undefined();
  }
  const auto count = static_cast<uint32_t>(wanted);
  const uint32_t wrong = first_wrong_entry(entries, count, detector->max_slots(), byte_count);
  if (wrong < count) {
    throw_range(env, "entry " + std::to_string(wrong) + " has a slot, offset or length out of range");
    return env.Undefined();
  }
  return Napi::Number::New(env, process_batch(*detector, entries, count, static_cast<const uint8_t*>(bytes), results));
}

// (slot, result: Int32Array)
void DetectorObject::give_up(const Napi::CallbackInfo& info) {
  Detector* const detector = open(info.Env());
  if (detector == nullptr) return;
  size_t length = 0;
  uint32_t* const result = info.Length() < 2 ? nullptr : words_of(info[1], length);
  if (result == nullptr || length < kDpiResultWords) return throw_type(info.Env(), "giveUp needs a slot and an Int32Array for the result");
  write_result(detector->give_up(unsigned_argument(info)), result);
}

void DetectorObject::release(const Napi::CallbackInfo& info) {
  if (Detector* const detector = open(info.Env())) detector->release(unsigned_argument(info));
}

Napi::Value DetectorObject::host_name(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Detector* const detector = open(env);
  if (detector == nullptr) return env.Undefined();
  const std::string name = detector->host_name(unsigned_argument(info));
  napi_value value = nullptr;
  // Bytes of the wire: Latin-1 takes any of them as they are.
  if (name.empty() || napi_create_string_latin1(env, name.data(), name.size(), &value) != napi_ok) return env.Null();
  return Napi::Value(env, value);
}

Napi::Value DetectorObject::protocol_name(const Napi::CallbackInfo& info) {
  Detector* const detector = open(info.Env());
  return detector == nullptr ? info.Env().Undefined() : text_or_null(info.Env(), detector->protocol_name(unsigned_argument(info)));
}

Napi::Value DetectorObject::category_name(const Napi::CallbackInfo& info) {
  Detector* const detector = open(info.Env());
  return detector == nullptr ? info.Env().Undefined() : text_or_null(info.Env(), detector->category_name(unsigned_argument(info)));
}

Napi::Value DetectorObject::confidence_name(const Napi::CallbackInfo& info) {
  return text_or_null(info.Env(), Detector::confidence_name(unsigned_argument(info)));
}

Napi::Value DetectorObject::is_guess(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), Detector::is_guess(unsigned_argument(info)));
}

Napi::Value DetectorObject::risk_name(const Napi::CallbackInfo& info) {
  return text_or_null(info.Env(), Detector::risk_name(unsigned_argument(info)));
}

Napi::Value DetectorObject::protocols(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Detector* const detector = open(env);
  if (detector == nullptr) return env.Undefined();
  const uint32_t count = detector->protocol_count();
  const Napi::Array list = Napi::Array::New(env, count);
  for (uint32_t id = 0; id < count; ++id) {
    const Napi::HandleScope scope(env);
    const Napi::Object entry = Napi::Object::New(env);
    entry.Set("id", Napi::Number::New(env, id));
    entry.Set("name", text_or_null(env, detector->protocol_name(id)));
    entry.Set("category", Napi::Number::New(env, detector->protocol_category(id)));
    list.Set(id, entry);
  }
  return list;
}

Napi::Value DetectorObject::memory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Detector* const detector = open(env);
  if (detector == nullptr) return env.Undefined();
  const DpiMemory memory = detector->memory();
  const auto counted = [&](int64_t bytes) -> Napi::Value {
    return memory.heap_known ? Napi::Number::New(env, static_cast<double>(bytes)) : env.Null();
  };
  const Napi::Object value = Napi::Object::New(env);
  value.Set("flows", Napi::Number::New(env, memory.flows));
  value.Set("peakFlows", Napi::Number::New(env, memory.peak_flows));
  value.Set("flowStructBytes", Napi::Number::New(env, memory.flow_struct_bytes));
  value.Set("moduleBytes", counted(memory.module_bytes));
  value.Set("flowBytes", counted(memory.flow_bytes));
  value.Set("peakFlowBytes", counted(memory.peak_flow_bytes));
  return value;
}

Napi::Value DetectorObject::counters(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Detector* const detector = open(env);
  if (detector == nullptr) return env.Undefined();
  const DpiCounters& counters = detector->counters();
  const Napi::Object value = Napi::Object::New(env);
  const auto set = [&](const char* name, uint64_t count) { value.Set(name, Napi::Number::New(env, static_cast<double>(count))); };
  set("packets", counters.packets);
  set("classified", counters.classified);
  set("gaveUp", counters.gave_up);
  set("heapGiveUps", counters.heap_give_ups);
  set("refused", counters.refused);
  return value;
}

}  // namespace weir
