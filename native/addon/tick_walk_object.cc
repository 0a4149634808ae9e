#include "tick_walk_object.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "entry_memory.h"

namespace weir {
namespace {

constexpr size_t kProtocols = 256;
// Words, port and moment of a contact.
constexpr size_t kContactNumbers = 7;

void pin(const Napi::Value& value, std::vector<Napi::Reference<Napi::Value>>& pinned) {
  pinned.push_back(Napi::Reference<Napi::Value>::New(value, 1));
}

// The words of an address, or of a pair with one version behind both.
template <size_t kWords>
bool read_words(const Napi::Value& value, std::array<uint32_t, kWords>& words) {
  size_t elements = 0;
  const void* const memory = memory_of(value, napi_int32_array, elements);
  if (memory == nullptr || elements < kWords) return false;
  std::memcpy(words.data(), memory, sizeof words);
  return true;
}

// Whether there are any, or none are given. Their memory is needed no longer then.
bool read_networks(const Napi::Value& value, std::optional<InternalNetworks>& networks) {
  if (value.IsUndefined() || value.IsNull()) return true;
  if (!value.IsObject()) return false;
  constexpr size_t v4_words = 2;
  constexpr size_t v6_words = 8;
  MemoryReader reader(value.As<Napi::Object>());
  const Memory v4 = reader.memory("v4", napi_uint32_array, 0);
  const Memory v6 = reader.memory("v6", napi_uint32_array, 0);
  if (reader.wrong != nullptr || v4.elements % v4_words != 0 || v6.elements % v6_words != 0) return false;
  networks.emplace(reinterpret_cast<const uint32_t*>(v4.bytes), v4.elements / v4_words, reinterpret_cast<const uint32_t*>(v6.bytes),
                   v6.elements / v6_words);
  return true;
}

double number_at(const Napi::CallbackInfo& info, size_t index) { return info[index].ToNumber().DoubleValue(); }

}  // namespace

Napi::Function TickWalkObject::define(Napi::Env env) {
  return DefineClass(env, "TickWalk",
                     {
                         InstanceMethod<&TickWalkObject::begin_moments>("beginMoments"),
                         InstanceMethod<&TickWalkObject::next_moment>("nextMoment"),
                         InstanceMethod<&TickWalkObject::release>("release"),
                         InstanceMethod<&TickWalkObject::begin_ends>("beginEnds"),
                         InstanceMethod<&TickWalkObject::next_end>("nextEnd"),
                         InstanceMethod<&TickWalkObject::add_answered>("addAnswered"),
                         InstanceMethod<&TickWalkObject::find_answered>("findAnswered"),
                         InstanceMethod<&TickWalkObject::answered_size>("answeredSize"),
                         InstanceMethod<&TickWalkObject::answered_last_at>("answeredLastAt"),
                         InstanceMethod<&TickWalkObject::count_answered>("countAnswered"),
                         InstanceMethod<&TickWalkObject::latest_answered>("latestAnswered"),
                         InstanceMethod<&TickWalkObject::expire_answered>("expireAnswered"),
                     });
}

TickWalkObject::TickWalkObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TickWalkObject>(info) {
  if (info.Length() < 1 || !info[0].IsObject()) {
    throw_type(info.Env(), "TickWalk needs options");
    return;
  }
  MemoryReader reader(info[0].As<Napi::Object>());
  const Memory cursor = reader.memory("cursor", napi_float64_array, sizeof(WalkCursor) / sizeof(double));
  const Memory lanes = reader.memory("lanes", napi_uint8_array, kProtocols);
  const Memory waiting = reader.memory("waiting", napi_float64_array, kProtocols);
  const Memory marks = reader.memory("marks", napi_uint8_array, AddressPlaces::kPlaces);
  const Memory held = reader.memory("held", napi_float64_array, sizeof(MomentEntry) / sizeof(double));
  const Memory places = reader.memory("places", napi_int32_array, AddressPlaces::kPlaces * AddressPlaces::kWords);
  const Memory classes = reader.memory("classes", napi_uint8_array, AddressPlaces::kPlaces);
  const Memory wants = reader.memory("wants", napi_uint32_array, kProtocols * kMostWants * sizeof(ContactWants) / sizeof(uint32_t));
  const Memory secret = reader.memory("secret", napi_uint8_array, sizeof(uint64_t));
  WalkMemory memory;
  memory.wait = reader.number("wait");
  if (!read_networks(info[0].As<Napi::Object>().Get("networks"), memory.networks)) reader.wrong = "networks";
  if (reader.wrong != nullptr) {
    throw_type(info.Env(), std::string("TickWalk: wrong ") + reader.wrong);
    return;
  }
  memory.cursor = reinterpret_cast<WalkCursor*>(cursor.bytes);
  memory.lanes = lanes.bytes;
  memory.waiting = reinterpret_cast<double*>(waiting.bytes);
  memory.wants = reinterpret_cast<const ContactWants*>(wants.bytes);
  memory.marks = marks.bytes;
  memory.held = reinterpret_cast<MomentEntry*>(held.bytes);
  memory.places = AddressPlaces(reinterpret_cast<int32_t*>(places.bytes), classes.bytes);
  uint64_t seed = 0;
  std::memcpy(&seed, secret.bytes, sizeof seed);
  walk_ = TickWalk(memory, seed);
  pinned_ = std::move(reader.pinned);
}

Napi::Value TickWalkObject::begin_moments(const Napi::CallbackInfo& info) {
  Entries<MomentEntry> moments;
  Entries<uint32_t> answers;
  Entries<double> objects;
  WalkRows rows;
  pinned_moments_.clear();
  if (pinned_.empty() || !read_entries(info[0], napi_uint8_array, moments) || !read_entries(info[1], napi_uint32_array, answers) ||
      !read_entries(info[2], napi_float64_array, objects) || !read_rows(info[5], rows, pinned_moments_)) {
    return refuse(info.Env(), "beginMoments: wrong memory");
  }
  for (size_t i = 0; i < 3; ++i) pin(info[i], pinned_moments_);
  return Napi::Number::New(info.Env(), walk_.begin_moments(moments, answers, objects, {number_at(info, 3), number_at(info, 4)}, rows));
}

Napi::Value TickWalkObject::next_moment(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(walk_.next_moment()));
}

Napi::Value TickWalkObject::release(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(walk_.release()));
}

void TickWalkObject::begin_ends(const Napi::CallbackInfo& info) {
  Entries<EndEntry> ends;
  WalkRows volumes;
  WalkRows closes;
  pinned_ends_.clear();
  if (pinned_.empty() || !read_entries(info[0], napi_uint8_array, ends) || !read_rows(info[2], volumes, pinned_ends_) ||
      !read_rows(info[3], closes, pinned_ends_)) {
    return throw_type(info.Env(), "beginEnds: wrong memory");
  }
  pin(info[0], pinned_ends_);
  walk_.begin_ends(ends, number_at(info, 1), volumes, closes);
}

Napi::Value TickWalkObject::next_end(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(walk_.next_end()));
}

AnsweredContacts* TickWalkObject::contacts_of(const Napi::CallbackInfo& info) const {
  return walk_.answered(static_cast<uint8_t>(info[0].ToNumber().Uint32Value()));
}

AnsweredContacts* TickWalkObject::source_of(const Napi::CallbackInfo& info, int32_t& source) const {
  AnsweredContacts* const contacts = contacts_of(info);
  source = info[1].ToNumber().Int32Value();
  if (contacts != nullptr && contacts->is_source(source)) return contacts;
  throw_type(info.Env(), "no such source");
  return nullptr;
}

// Protocol, words of the pair, port, moment.
void TickWalkObject::add_answered(const Napi::CallbackInfo& info) {
  std::array<uint32_t, 9> pair;
  if (!read_words(info[1], pair)) return throw_type(info.Env(), "addAnswered: wrong pair");
  const AddressWords source{pair[0], pair[1], pair[2], pair[3], pair[8]};
  const AddressWords host{pair[4], pair[5], pair[6], pair[7], pair[8]};
  const auto protocol = static_cast<uint8_t>(info[0].ToNumber().Uint32Value());
  walk_.make_answered(protocol).add(source, host, info[2].ToNumber().Uint32Value(), number_at(info, 3));
}

Napi::Value TickWalkObject::find_answered(const Napi::CallbackInfo& info) {
  AddressWords source;
  if (!read_words(info[1], source)) return refuse(info.Env(), "findAnswered: wrong address");
  const AnsweredContacts* const contacts = contacts_of(info);
  return Napi::Number::New(info.Env(), contacts == nullptr ? kNoRow : contacts->find(source));
}

Napi::Value TickWalkObject::answered_size(const Napi::CallbackInfo& info) {
  int32_t source = kNoRow;
  const AnsweredContacts* const contacts = source_of(info, source);
  return contacts == nullptr ? info.Env().Undefined() : Napi::Number::New(info.Env(), contacts->size_of(source));
}

Napi::Value TickWalkObject::answered_last_at(const Napi::CallbackInfo& info) {
  int32_t source = kNoRow;
  const AnsweredContacts* const contacts = source_of(info, source);
  return contacts == nullptr ? info.Env().Undefined() : Napi::Number::New(info.Env(), contacts->last_at_of(source));
}

// Protocol, source, end and length of the window, most, words of the host or null, port or -1.
Napi::Value TickWalkObject::count_answered(const Napi::CallbackInfo& info) {
  int32_t source = kNoRow;
  const AnsweredContacts* const contacts = source_of(info, source);
  if (contacts == nullptr) return info.Env().Undefined();
  AddressWords host;
  const bool has_host = read_words(info[5], host);
  const AnsweredContacts::Question question{number_at(info, 2), number_at(info, 3), info[4].ToNumber().Uint32Value(), has_host ? &host : nullptr,
                                            info[6].ToNumber().Int32Value()};
  return Napi::Number::New(info.Env(), contacts->count_of(source, question));
}

// Protocol, source, end and length of the window, most; of each contact the words of the host, port and moment.
Napi::Value TickWalkObject::latest_answered(const Napi::CallbackInfo& info) {
  int32_t source = kNoRow;
  const AnsweredContacts* const contacts = source_of(info, source);
  if (contacts == nullptr) return info.Env().Undefined();
  const auto latest = contacts->latest_of(source, number_at(info, 2), number_at(info, 3), info[4].ToNumber().Uint32Value());
  Napi::Float64Array numbers = Napi::Float64Array::New(info.Env(), latest.size() * kContactNumbers);
  size_t at = 0;
  for (const AnsweredContacts::Latest& contact : latest) {
    for (const uint32_t word : contact.host) numbers[at++] = static_cast<int32_t>(word);
    numbers[at++] = contact.port;
    numbers[at++] = contact.at;
  }
  return numbers;
}

void TickWalkObject::expire_answered(const Napi::CallbackInfo& info) {
  AnsweredContacts* const contacts = contacts_of(info);
  if (contacts != nullptr) contacts->expire(number_at(info, 1), number_at(info, 2));
}

}  // namespace weir
