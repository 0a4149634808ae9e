// What every object and function of the addons does with values from JavaScript.
#pragma once
#include <napi.h>

#include <string>

namespace weir {

inline void throw_type(Napi::Env env, const std::string& message) { Napi::TypeError::New(env, message).ThrowAsJavaScriptException(); }

// The same, for functions that return a value.
inline Napi::Value refuse(Napi::Env env, const std::string& message) {
  throw_type(env, message);
  return env.Undefined();
}

// The memory of a typed array of one kind, also over shared memory, and its elements. Null for anything else, never for an
// array of that kind, even an empty one.
inline void* memory_of(const Napi::Value& value, napi_typedarray_type wanted, size_t& elements) {
  static uint32_t nothing;
  napi_typedarray_type type;
  void* memory = nullptr;
  if (!value.IsTypedArray() || napi_get_typedarray_info(value.Env(), value, &type, &elements, &memory, nullptr, nullptr) != napi_ok) return nullptr;
  if (type != wanted) return nullptr;
  return memory == nullptr ? &nothing : memory;
}

}  // namespace weir
