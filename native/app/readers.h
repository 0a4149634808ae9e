// The readers of all protocols, and what they remember from flow to flow.
#pragma once
#include "certificates.h"
#include "dns_reader.h"
#include "flow_reading.h"
#include "http_reader.h"
#include "quic_reader.h"
#include "smtp_reader.h"
#include "ssh_reader.h"
#include "tls_reader.h"

namespace weir {

class Readers {
 public:
  Readers() : tls_(certificates_) {}
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  Certificates& certificates() { return certificates_; }

  // `found` is overwritten.
  Reading read(AppProtocol protocol, const FlowBytes& flow, Found& found) {
    found.clear();
    switch (protocol) {
      case AppProtocol::kTls: return tls_.read(flow, found);
      case AppProtocol::kHttp: return http_.read(flow, found);
      case AppProtocol::kDns: return dns_.read(flow, found);
      case AppProtocol::kQuic: return quic_.read(flow, found);
      case AppProtocol::kSsh: return ssh_.read(flow, found);
      case AppProtocol::kSmtp: return smtp_.read(flow, found);
      default: return Reading::kOdd;
    }
  }

 private:
  Certificates certificates_;
  TlsReader tls_;
  HttpReader http_;
  DnsReader dns_;
  QuicReader quic_;
  SshReader ssh_;
  SmtpReader smtp_;
};

}  // namespace weir
