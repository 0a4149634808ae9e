// The addon of its own around ../dpi; src/native/dpi.ts is the contract. Loads in any number of environments of one process.
#include <napi.h>

#include "../dpi/ndpi_batch.h"
#include "detector_object.h"

namespace weir {
namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("entryWords", Napi::Number::New(env, kDpiEntryWords));
  exports.Set("resultWords", Napi::Number::New(env, kDpiResultWords));
  exports.Set("version", Napi::String::New(env, Detector::version()));
  exports.Set("Detector", DetectorObject::define(env));
  return exports;
}

}  // namespace
}  // namespace weir

static Napi::Object initialize_module(Napi::Env env, Napi::Object exports) { return weir::initialize(env, exports); }

NODE_API_MODULE(weir_dpi, initialize_module)
