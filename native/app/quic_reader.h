// QUIC over UDP, versions 1 (RFC 9000, RFC 9001) and 2 (RFC 9369): the plain case of src/app/quic.ts.
//
//   datagram -> long packets -> Initial -> keys of the first destination id -> CRYPTO frames -> ClientHello, ServerHello
//
// Odd are other versions, Retry and version negotiation, and a flow that does not begin with the client's Initial.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "client_hello.h"
#include "client_shape.h"
#include "digests.h"
#include "flow_reading.h"
#include "quic_crypto.h"
#include "quic_frames.h"
#include "quic_packet.h"
#include "server_hello.h"

namespace weir {

class QuicReader {
 public:
  QuicReader() : openings_(kOpenings) {}

  // `found` is empty before.
  Reading read(const FlowBytes& flow, Found& found);

 private:
  static constexpr size_t kMostDatagrams = 16;

  // What was read of the beginning of a flow up to its ClientHello, so that it is not read again with the datagrams behind
  // it. It is of use to a flow that begins with the same bytes, and of none to others.
  struct Opening {
    const QuicVersion* version = nullptr;
    uint8_t id[kLongestQuicId] = {};
    size_t id_length = 0;
    QuicSecret secret = {};
    QuicKeys client = {};
    QuicKeys server = {};
    bool has_server = false;

    // The datagrams that were read: their bytes, lengths and, as bits, those of the server.
    std::string bytes;
    uint16_t lengths[kMostDatagrams] = {};
    uint32_t from_server = 0;
    size_t count = 0;
    // How many of their packets were tried.
    size_t attempts = 0;
    CryptoStream stream;
    // How many datagrams there were when the ClientHello was whole; 0 before.
    size_t hello_at = 0;
    std::string source_id;
    // What the ClientHello says: members of the section behind its version, and members of the note before and behind `ja3s`.
    std::string names;
    std::string before_ja3s;
    std::string behind_ja3s;
    std::string host;

    Bytes destination_id() const { return {id, id_length}; }
    bool begins(const FlowBytes& flow) const;
    // Keeps the keys, and the memory.
    void forget_flow();
  };
  // About 1 MB when all are in use.
  static constexpr size_t kOpenings = 256;

  // Of the memo, with the keys of the first packet's destination id. Null when the flow does not begin as a client's does.
  Opening* opening_of(const FlowBytes& flow);
  // These return false for what is odd.
  bool read_opening(Opening& opening, const FlowBytes& flow);
  bool read_datagram(Opening& opening, Bytes datagram, size_t side);
  bool read_client(Opening& opening, Bytes datagram, const LongPacket& packet);
  bool read_server(Opening& opening, Bytes datagram, const LongPacket& packet);
  bool take_hello(Opening& opening, Bytes message);
  // Whether the session of src/app/quic.ts would be done after these datagrams.
  bool is_done(const Opening& opening, size_t datagrams) const;
  bool put_findings(const Opening& opening, Found& found) const;

  QuicCrypto crypto_;
  Digests digests_;
  ClientShapes shapes_;
  Ja3s ja3s_;
  std::vector<Opening> openings_;

  // Of the call.
  LongPackets packets_;
  size_t attempts_ = 0;
  CryptoStream answer_;
  std::string answer_ja3s_;
  ClientHello hello_;
  ServerHello server_hello_;
};

}  // namespace weir
