// The JavaScript object `RowFronts`: goes through rows of events for the rules and shows them those that they have to see.
// It keeps the memory that it works on. Argument errors throw.
#pragma once
#include <napi.h>

#include <vector>

#include "../detect/row_fronts.h"

namespace weir {

class RowFrontsObject : public Napi::ObjectWrap<RowFrontsObject> {
 public:
  static Napi::Function define(Napi::Env env);
  // Fronts; whether rows are of volumes and ends, else of attempts; a word for the mask of `next`.
  explicit RowFrontsObject(const Napi::CallbackInfo& info);

 private:
  const char* read(const Napi::CallbackInfo& info);
  // Entries, rows, how many there are.
  void begin(const Napi::CallbackInfo& info);
  Napi::Value next(const Napi::CallbackInfo& info);

  RowFronts fronts_;
  bool are_ends_ = false;
  uint32_t* mask_ = nullptr;
  std::vector<Napi::Reference<Napi::Value>> pinned_;
  // Of the rows.
  std::vector<Napi::Reference<Napi::Value>> pinned_rows_;
};

}  // namespace weir
