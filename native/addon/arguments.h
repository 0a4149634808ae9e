// Reads the options object of an engine. The first thing that is wrong is kept; what follows reads defaults.
#pragma once
#include <napi.h>

#include <string>
#include <vector>

#include "../capture/engine_options.h"
#include "../capture/recall_query.h"

namespace weir {

class Arguments {
 public:
  Arguments(Napi::Env env) : env_(env) {}

  bool ok() const { return error_.empty(); }
  // What is wrong, as a TypeError; or what a getter threw when it was asked.
  void throw_error() const;

  EngineOptions engine_options(const Napi::Value& value, std::vector<Napi::Reference<Napi::Value>>& pinned);
  GeneratorSpec generator(const Napi::Object& object);
  RecallMatch recall_match(const Napi::Value& value);

  double number(const Napi::Object& object, const char* name, double low, double high);
  bool boolean(const Napi::Object& object, const char* name);
  std::string text(const Napi::Object& object, const char* name);
  bool key(const Napi::Value& value, uint8_t* into);

 private:
  void reject(const std::string& what);
  Napi::Value property(const Napi::Object& object, const char* name);
  Napi::Object object(const Napi::Object& parent, const char* name);
  std::vector<SourceSpec> sources(const Napi::Object& options);
  SourceSpec source(const Napi::Object& object);
  std::vector<RingView> ring_list(const Napi::Value& value, std::vector<Napi::Reference<Napi::Value>>& pinned);
  RingView ring(const Napi::Value& value);
  void rings(const Napi::Object& options, EngineOptions& result, std::vector<Napi::Reference<Napi::Value>>& pinned);
  void tap(const Napi::Object& options, EngineOptions& result);
  void recall(const Napi::Object& options, EngineOptions& result);
  void divert(const Napi::Object& options, EngineOptions& result, std::vector<Napi::Reference<Napi::Value>>& pinned);
  void carry(const Napi::Object& options, EngineOptions& result, std::vector<Napi::Reference<Napi::Value>>& pinned);
  void speed(const Napi::Object& options, EngineOptions& result);
  RecallClause recall_clause(const Napi::Object& object);
  RecallEnd recall_end(const Napi::Object& clause, const char* address, const char* port);
  int32_t number_or_any(const Napi::Object& object, const char* name, double high);
  std::vector<Endpoint> own_endpoints(const Napi::Object& options);
  void outputs(const Napi::Object& options, EngineOptions& result);

  Napi::Env env_;
  std::string error_;
};

}  // namespace weir
