#include "row_fronts_object.h"

#include <string>
#include <utility>

#include "entry_memory.h"

namespace weir {
namespace {

constexpr size_t kProtocols = 256;
constexpr size_t kPortBytes = 65'536 / 8;

// Words of the keys of each kind's table, 0 = it has none.
uint32_t key_words(FrontKind kind) {
  switch (kind) {
    case FrontKind::kGate:
      return 0;
    case FrontKind::kNewHosts:
    case FrontKind::kVolumeSums:
      return kAddressWords;
    case FrontKind::kNewServices:
      return kAddressWords + 1;
    case FrontKind::kFirstVolumes:
    case FrontKind::kFirstCalls:
    case FrontKind::kFirstExchanges:
      return kPairWords;
  }
  return 0;
}

bool needs_ends(FrontKind kind) { return kind == FrontKind::kVolumeSums || first_numbers(kind) > 0; }

// Reads one front; what is wrong with it, or null.
class FrontReader {
 public:
  explicit FrontReader(const Napi::Object& options) : reader_(options), options_(options) {}

  const char* read(Front& front, bool are_ends) {
    const uint32_t kind = static_cast<uint32_t>(reader_.size("kind"));
    if (reader_.wrong != nullptr || kind >= kFrontKinds) return "kind";
    front.kind = static_cast<FrontKind>(kind);
    if (needs_ends(front.kind) && !are_ends) return "kind";
    read_gate(front);
    const uint32_t words = key_words(front.kind);
    if (words > 0 && !read_table(front, words)) return "table";
    return reader_.wrong;
  }

  std::vector<Napi::Reference<Napi::Value>>& pinned() { return reader_.pinned; }

 private:
  bool has(const char* name) const { return !options_.Get(name).IsNull(); }

  void read_gate(Front& front) {
    front.accepted = reader_.boolean("accepted");
    front.labelled = reader_.boolean("labelled");
    if (has("protocols")) front.protocols = reader_.memory("protocols", napi_uint8_array, kProtocols).bytes;
    if (has("ports")) front.ports = reader_.memory("ports", napi_uint8_array, kPortBytes).bytes;
    front.source = {byte("sourceMask"), byte("sourceIs")};
    front.target = {byte("targetMask"), byte("targetIs")};
    front.least_ns = reader_.number("leastNs");
    front.below_ns = reader_.number("belowNs");
    front.below_bytes = reader_.number("belowBytes");
    if (has("began")) front.began = reinterpret_cast<double*>(reader_.memory("began", napi_float64_array, 1).bytes);
  }

  uint8_t byte(const char* name) { return static_cast<uint8_t>(reader_.size(name)); }

  bool read_table(Front& front, uint32_t words) {
    const Napi::Value value = options_.Get("table");
    if (!value.IsObject()) return false;
    MemoryReader table(value.As<Napi::Object>());
    const size_t most = table.size("most");
    const Memory rows = table.memory("rows", napi_int32_array, most * (words + KeyTable::kLinks));
    const Memory heads = table.memory("heads", napi_int32_array, 1);
    const Memory state = table.memory("state", napi_int32_array, sizeof(KeyTableState) / sizeof(int32_t));
    const Memory secrets = table.memory("secrets", napi_int32_array, words);
    if (table.wrong != nullptr || (heads.elements & (heads.elements - 1)) != 0) return false;
    for (auto& reference : table.pinned) reader_.pinned.push_back(std::move(reference));
    front.table = KeyTable({reinterpret_cast<int32_t*>(rows.bytes), reinterpret_cast<int32_t*>(heads.bytes),
                               reinterpret_cast<KeyTableState*>(state.bytes), reinterpret_cast<const int32_t*>(secrets.bytes), words,
                               static_cast<uint32_t>(heads.elements), static_cast<uint32_t>(most)});
    read_values(front, most);
    return true;
  }

  // What stands beside the rows of the table.
  void read_values(Front& front, size_t most) {
    switch (front.kind) {
      case FrontKind::kNewHosts:
      case FrontKind::kNewServices:
        front.began = reinterpret_cast<double*>(reader_.memory("began", napi_float64_array, 1).bytes);
        front.learn_ns = reader_.number("learnNs");
        return;
      case FrontKind::kFirstVolumes:
      case FrontKind::kFirstCalls:
      case FrontKind::kFirstExchanges:
        read_firsts(front, most);
        return;
      case FrontKind::kVolumeSums:
        front.sums = reinterpret_cast<double*>(reader_.memory("sums", napi_float64_array, most).bytes);
        return;
      case FrontKind::kGate:
        return;
    }
  }

  void read_firsts(Front& front, size_t most) {
    front.heavy = reader_.memory("heavy", napi_uint8_array, most).bytes;
    front.words = reinterpret_cast<int32_t*>(reader_.memory("words", napi_int32_array, most * kFirstWords).bytes);
    const size_t wanted = most * first_numbers(front.kind);
    const Memory numbers = reader_.memory("numbers", napi_float64_array, wanted);
    // More than that are those of rows of another width.
    if (numbers.elements != wanted) reader_.wrong = "numbers";
    front.numbers = reinterpret_cast<double*>(numbers.bytes);
    front.limit = reader_.number("limit");
  }

  MemoryReader reader_;
  Napi::Object options_;
};

}  // namespace

Napi::Function RowFrontsObject::define(Napi::Env env) {
  return DefineClass(env, "RowFronts",
                     {
                         InstanceMethod<&RowFrontsObject::begin>("begin"),
                         InstanceMethod<&RowFrontsObject::next>("next"),
                     });
}

RowFrontsObject::RowFrontsObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RowFrontsObject>(info) {
  const char* const wrong = read(info);
  if (wrong != nullptr) throw_type(info.Env(), std::string("RowFronts: wrong ") + wrong);
}

// What is wrong, or null.
const char* RowFrontsObject::read(const Napi::CallbackInfo& info) {
  if (info.Length() < 3 || !info[0].IsArray()) return "arguments";
  const Napi::Array options = info[0].As<Napi::Array>();
  if (options.Length() > kMostFronts) return "number of fronts";
  are_ends_ = info[1].ToBoolean().Value();
  size_t masks = 0;
  mask_ = static_cast<uint32_t*>(memory_of(info[2], napi_uint32_array, masks));
  if (mask_ == nullptr || masks == 0) return "mask";
  pinned_.push_back(Napi::Reference<Napi::Value>::New(info[2], 1));
  std::vector<Front> fronts(options.Length());
  for (uint32_t i = 0; i < options.Length(); ++i) {
    const Napi::Value option = options.Get(i);
    if (!option.IsObject()) return "front";
    FrontReader reader(option.As<Napi::Object>());
    const char* const wrong = reader.read(fronts[i], are_ends_);
    if (wrong != nullptr) return wrong;
    for (auto& reference : reader.pinned()) pinned_.push_back(std::move(reference));
  }
  fronts_ = RowFronts(std::move(fronts));
  return nullptr;
}

void RowFrontsObject::begin(const Napi::CallbackInfo& info) {
  WalkRows rows;
  Entries<MomentEntry> moments;
  Entries<EndEntry> ends;
  pinned_rows_.clear();
  const bool are_read = are_ends_ ? read_entries(info[0], napi_uint8_array, ends) : read_entries(info[0], napi_uint8_array, moments);
  if (!are_read || !read_rows(info[1], rows, pinned_rows_)) return throw_type(info.Env(), "begin: wrong memory");
  pinned_rows_.push_back(Napi::Reference<Napi::Value>::New(info[0], 1));
  const size_t count = info[2].ToNumber().Uint32Value();
  const size_t strays = are_ends_ ? fronts_.begin(ends, rows, count) : fronts_.begin(moments, rows, count);
  if (strays == 0) return;
  fronts_.begin(Entries<MomentEntry>{}, rows, 0);
  throw_type(info.Env(), "begin: rows of no entry");
}

// A row, or -1; whose it is stands in the mask.
Napi::Value RowFrontsObject::next(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(fronts_.next(*mask_)));
}

}  // namespace weir
