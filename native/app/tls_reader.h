// TLS over TCP: the plain case of src/app/tls.ts.
#pragma once
#include "certificates.h"
#include "client_shape.h"
#include "flow_reading.h"
#include "server_hello.h"
#include "tls_handshake.h"
#include "tls_records.h"

namespace weir {

class TlsReader {
 public:
  // `certificates` must outlive this.
  explicit TlsReader(Certificates& certificates) : certificates_(certificates) {}

  // `found` is empty before.
  Reading read(const FlowBytes& flow, Found& found);

 private:
  // Each is false for what is not plain.
  bool walk(size_t side, size_t length, uint32_t seconds, bool complete);
  bool take_record(size_t side, const TlsRecord& record, uint32_t seconds);
  bool take_handshake(size_t side, Bytes body, uint32_t seconds);
  bool take_all(const FlowBytes& flow);
  void want(size_t side, size_t length, Found& found) const;
  bool put_body(Found& found);
  void put_name(std::string& body) const;
  void put_offer(std::string& body) const;
  void put_choice(std::string& body) const;
  bool put_certificates(Found& found);
  void put_alert(std::string& body) const;
  bool put_fingerprints(std::string& body, const ClientShape& shape);

  Certificates& certificates_;
  // What is remembered from flow to flow.
  Digests digests_;
  ClientShapes shapes_;
  Ja3s ja3s_;
  // Of one call.
  TlsHandshake handshake_;
  RecordReader readers_[2];
  HandshakeBuffer buffers_[2];
  bool ciphered_[2] = {false, false};
};

}  // namespace weir
