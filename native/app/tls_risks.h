// What is wrong with a handshake, as src/app/tls-risks.ts judges it: bits of risks (tables/labels.h).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "certificates.h"
#include "client_hello.h"

namespace weir {

uint64_t client_risks(const ClientHello& hello);

// The server's own certificate; `now` in seconds since the epoch, 0 when there is no clock. `host` as `put_host` makes it.
uint64_t certificate_risks(const KnownCertificate& leaf, uint32_t now, std::string_view host);

// A host name as it is compared: small letters, no trailing dot. Nothing is put when the text cannot be one.
void put_host(std::string& out, std::string_view sni);

// An IPv4 address, or what can only be an IPv6 address.
bool is_numeric_host(std::string_view host);

}  // namespace weir
