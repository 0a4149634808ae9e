// Notes of flows as JSON text, as src/app/note-writer.ts writes them.
#pragma once
#include <cstdint>
#include <string>

#include "bytes.h"
#include "flow_reading.h"

namespace weir {

// True when every byte is printable ASCII: text that needs no decoding.
bool is_plain_text(Bytes bytes);

// The bytes as a JSON string with its quotes. They must be plain text.
void put_json(std::string& out, std::string_view plain);
inline void put_json(std::string& out, Bytes plain) { put_json(out, plain.text()); }

// `digits` lower-case hexadecimal digits of the value.
void put_hex(std::string& out, uint32_t value, int digits);
// The bytes as lower-case hexadecimal digits.
void put_hex(std::string& out, Bytes bytes);

void put_decimal(std::string& out, uint64_t value);

// What many notes of a flow of that protocol begin with: service, label and risks.
void put_note_head(std::string& out, AppProtocol protocol, const Found& found);
// The host, if there is one, with a comma before it.
void put_note_host(std::string& out, const Found& found);
// The whole note: head, host and body.
void put_note(std::string& out, AppProtocol protocol, const Found& found);

}  // namespace weir
