#include "process_lookup.h"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../decode/protocols.h"
#include "../processes/process_finder.h"
#include "../processes/socket_finder.h"
#include "checked_values.h"

namespace weir {
namespace {

struct Finders {
  explicit Finders(const std::string& root) : processes(root) {}
  SocketFinder sockets;
  ProcessFinder processes;
};

// Copies an address of 4 or 16 bytes; false for anything else.
bool read_address(const Napi::Value& value, bool ipv6, uint8_t* into) {
  size_t length = 0;
  const void* const bytes = memory_of(value, napi_uint8_array, length);
  if (bytes == nullptr || length != (ipv6 ? 16U : 4U)) return false;
  std::memcpy(into, bytes, length);
  return true;
}

// findSocket(protocol, local, localPort, remote, remotePort, interfaceIndex)
Napi::Value find_socket(const Napi::CallbackInfo& info, Finders& finders) {
  const Napi::Env env = info.Env();
  SocketTuple tuple;
  tuple.ipv6 = info.Length() > 1 && info[1].IsTypedArray() && info[1].As<Napi::TypedArray>().ElementLength() == 16;
  if (info.Length() < 6 || !info[0].IsNumber() || !info[2].IsNumber() || !info[4].IsNumber() || !info[5].IsNumber() ||
      !read_address(info[1], tuple.ipv6, tuple.local) || !read_address(info[3], tuple.ipv6, tuple.remote)) {
    return refuse(env, "findSocket needs a protocol, two ends of the same kind, and an interface");
  }
  tuple.protocol = static_cast<uint8_t>(info[0].As<Napi::Number>().Uint32Value());
  tuple.local_port = static_cast<uint16_t>(info[2].As<Napi::Number>().Uint32Value());
  tuple.remote_port = static_cast<uint16_t>(info[4].As<Napi::Number>().Uint32Value());
  tuple.interface_index = info[5].As<Napi::Number>().Uint32Value();
  SocketFacts facts;
  if (finders.sockets.find(tuple, facts) != SocketAnswer::kFound) return env.Null();
  const Napi::Object found = Napi::Object::New(env);
  found.Set("inode", Napi::Number::New(env, facts.inode));
  found.Set("state", Napi::Number::New(env, facts.state));
  return found;
}

// findOwners(inodes)
Napi::Value find_owners(const Napi::CallbackInfo& info, Finders& finders) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsArray()) {
    return refuse(env, "findOwners needs a list of inodes");
  }
  const Napi::Array given = info[0].As<Napi::Array>();
  std::vector<uint32_t> inodes;
  for (uint32_t i = 0; i < given.Length(); ++i) inodes.push_back(given.Get(i).ToNumber().Uint32Value());
  std::vector<Process> found;
  const bool all_seen = finders.processes.find(inodes, found);
  const Napi::Array owners = Napi::Array::New(env, found.size());
  for (uint32_t i = 0; i < found.size(); ++i) {
    if (found[i].pid == 0) {
      owners.Set(i, env.Null());
      continue;
    }
    const Napi::Object owner = Napi::Object::New(env);
    owner.Set("pid", Napi::Number::New(env, found[i].pid));
    owner.Set("name", Napi::String::New(env, found[i].name));
    owners.Set(i, owner);
  }
  const Napi::Object result = Napi::Object::New(env);
  result.Set("owners", owners);
  result.Set("hidden", Napi::Boolean::New(env, !all_seen));
  return result;
}

}  // namespace

// openProcessLookup(root)
Napi::Value open_process_lookup(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsString()) {
    return refuse(env, "openProcessLookup needs the folder of processes");
  }
  const auto finders = std::make_shared<Finders>(info[0].As<Napi::String>().Utf8Value());
  bool able = true;
  for (const uint8_t protocol : {kProtoTcp, kProtoUdp}) {
    // Without IPv6 in the kernel there is nothing to ask about it.
    if (!finders->sockets.is_able(protocol, false)) able = false;
  }
  const Napi::Object lookup = Napi::Object::New(env);
  lookup.Set("asksKernel", Napi::Boolean::New(env, able));
  lookup.Set("findSocket", Napi::Function::New(env, [finders](const Napi::CallbackInfo& call) { return find_socket(call, *finders); }, "findSocket"));
  lookup.Set("findOwners", Napi::Function::New(env, [finders](const Napi::CallbackInfo& call) { return find_owners(call, *finders); }, "findOwners"));
  return lookup;
}

}  // namespace weir
