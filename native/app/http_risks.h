// Risks of HTTP messages: the plain case of src/app/http-risks.ts. What is false is odd: it may be a risk that is told there.
#pragma once
#include <cstdint>

#include "bytes.h"
#include "http_messages.h"

namespace weir {

// Who asked for what a response, or the body of a request, transfers.
struct HttpAsker {
  Bytes host;
  Bytes user_agent;
};

// The texts that notes and risks are made of are plain.
bool has_plain_texts(const HttpMessage& message);

// The target as a note shows it.
Bytes target_of(const HttpMessage& message);
// The authority of the target, or the Host field; no data when there is neither. False: odd.
bool host_of(const HttpMessage& message, Bytes& host);
Bytes without_port(Bytes host);

// Of messages whose texts are plain.
bool add_request_risks(const HttpMessage& message, Bytes host, uint64_t& risks);
bool add_response_risks(const HttpMessage& message, const HttpAsker& asker, uint64_t& risks);
void add_body_risks(const HttpMessage& message, const HttpAsker& asker, Bytes body, uint64_t& risks);

}  // namespace weir
