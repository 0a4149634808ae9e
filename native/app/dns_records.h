// Resource record data as text, as src/app/dns-records.ts and dns-svcb.ts write it: the types that hosts ask for.
#pragma once
#include "dns_names.h"

namespace weir {

// Puts what `type` makes of the `length` bytes at `at` of the message. False when it does not fit the type, or is not plain.
bool put_record_data(DnsText& text, const DnsNames& names, Bytes message, size_t at, size_t length, uint32_t type);

// Empty for one that has no name of its own.
std::string_view type_name(uint32_t type);

// Texts of these types hold nothing that JSON escapes.
bool is_json_plain(uint32_t type);

}  // namespace weir
