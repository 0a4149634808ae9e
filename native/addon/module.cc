// What the addon exports; src/native/engine.ts is the contract. Loads in any number of environments of one process.
#include <napi.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "../base/threads.h"
#include "../capture/frame_filter.h"
#include "../ring/layout.h"
#include "app_flows_object.h"
#include "engine_object.h"
#include "fast_path_object.h"
#include "flow_readers_object.h"
#include "functions.h"
#include "process_lookup.h"
#include "row_fronts_object.h"
#include "tick_walk_object.h"
#include "waker.h"

namespace weir {
namespace {

Napi::Value layout_version(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), kLayoutVersion); }
Napi::Value record_bytes(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), kRecordBytes); }
Napi::Value pcap_version(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), filter_library()); }

// glibc raises its threshold for separate mappings as large blocks are freed, and from then on keeps rings and outboxes in
// its heap: 1,000 sensors one after the other grew from 251 to 592 MB. A threshold that is set stays. Nor does each of some
// fifteen threads get an arena of its own, of which freed memory never comes back to the others.
void bound_allocator() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_ARENA_MAX, 4);
#endif
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  bound_allocator();
  keep_this_module();
  exports.Set("layoutVersion", Napi::Function::New<layout_version>(env, "layoutVersion"));
  exports.Set("recordBytes", Napi::Function::New<record_bytes>(env, "recordBytes"));
  exports.Set("pcapVersion", Napi::Function::New<pcap_version>(env, "pcapVersion"));
  exports.Set("Engine", EngineObject::define(env));
  exports.Set("FastPath", FastPathObject::define(env));
  exports.Set("AppFlows", AppFlowsObject::define(env));
  exports.Set("FlowReaders", FlowReadersObject::define(env));
  exports.Set("RowFronts", RowFrontsObject::define(env));
  exports.Set("TickWalk", TickWalkObject::define(env));
  exports.Set("createWaker", Napi::Function::New<create_waker>(env, "createWaker"));
  exports.Set("listInterfaces", Napi::Function::New<list_interfaces_value>(env, "listInterfaces"));
  exports.Set("preferHugePages", Napi::Function::New<prefer_huge_pages_value>(env, "preferHugePages"));
  exports.Set("discardMemory", Napi::Function::New<discard_memory_value>(env, "discardMemory"));
  exports.Set("probeDivert", Napi::Function::New<probe_divert>(env, "probeDivert"));
  exports.Set("checkFilter", Napi::Function::New<check_filter_value>(env, "checkFilter"));
  exports.Set("openProcessLookup", Napi::Function::New<open_process_lookup>(env, "openProcessLookup"));
  exports.Set("decodeFrame", Napi::Function::New<decode_frame>(env, "decodeFrame"));
  exports.Set("writeCapture", Napi::Function::New<write_capture>(env, "writeCapture"));
  return exports;
}

}  // namespace
}  // namespace weir

static Napi::Object initialize_module(Napi::Env env, Napi::Object exports) { return weir::initialize(env, exports); }

NODE_API_MODULE(weir, initialize_module)
