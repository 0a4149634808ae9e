// The contract between the decoder and the capture thread. One Decoder per capture thread; no thread shares one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "../ring/layout.h"

namespace weir {

struct DecodeOptions {
  bool tunnels = true;
  bool vlan_aware = false;
  bool verify_checksums = false;
  bool arp = false;  // an annotation for each ARP request and reply
  uint8_t hash_key[16] = {};
};

// Where a frame ends up. Exactly one per frame: the ledger counts it.
enum class Disposition : uint8_t {
  kFlow,      // records[0] is the accounted record
  kRejected,  // reason, needed, available are set
  kNotFlow,   // not_flow is set; records[0] is an ARP annotation when count is 1
  // A later fragment whose first fragment has not been seen; the fragment table keeps its record, which comes back once in
  // `released` or `lost` (at once in `lost` when the table is full). records[0] is neither counted nor written now; the
  // annotations after it are.
  kHeld,
};

struct SackBlock {
  uint32_t left;
  uint32_t right;
};

constexpr int kMaxRecords = 12;  // the accounted record, up to 8 outer layers, the inner tuple of an ICMP error
constexpr int kMaxSack = 4;

// One record with what follows its fixed part. ringSeq, carried and length are the ring writer's.
struct DecodedRecord {
  PacketRecord record;
  SackBlock sack[kMaxSack];
};

struct Decoded {
  Disposition disposition;
  Reject reason;
  NotFlow not_flow;
  uint32_t needed;
  uint32_t available;
  bool network_decoded;
  bool transport_decoded;
  int count;                           // records filled; records[0] is the accounted one
  DecodedRecord records[kMaxRecords];  // then OUTER annotations from the outermost inwards, then ICMP_INNER
  // Fragments that waited for this frame's first fragment, or whose wait ended (timeout, table full). Usually empty.
  std::vector<DecodedRecord> released;  // accounted records that now have their tuple
  std::vector<DecodedRecord> lost;      // to be counted as fragment_lost
};

// A frame as the source hands it over. stream_ns and ordinal are the capture thread's.
struct Frame {
  const uint8_t* bytes;
  uint32_t captured;
  uint32_t wire;
  uint16_t link_type;
  uint16_t source;
  int64_t sec;
  uint32_t nsec;
  double stream_ns;
  double ordinal;
  bool outgoing;
  // An inline capture has not put it back.
  bool denied;
  // Live capture strips the VLAN tag from the frame; this puts it back (kNoStrippedVlan = none): tpid << 16 | tci.
  uint32_t stripped_vlan;
};

constexpr uint32_t kNoStrippedVlan = 0xffffffff;

class FlowHash;
class FragmentTable;
class TunnelCache;
class TunnelRegistry;
struct Datagram;
struct LayerStack;
struct Walk;

// Decodes frames, one after the other. Data never makes it fail; it allocates only when a table grows to its bound.
class Decoder {
 public:
  // `tunnels` numbers the tunnels of the engine and may be shared by decoders of several threads; without one the decoder
  // makes its own. Sharing decoders must have the same hash key.
  explicit Decoder(const DecodeOptions& options, std::shared_ptr<TunnelRegistry> tunnels = nullptr);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Replaces everything in `out`. Stream time must not run backwards from call to call.
  void decode(const Frame& frame, Decoded& out);

  // End of input: everything held becomes lost. Only out.lost is meaningful afterwards.
  void flush(Decoded& out);

  // Moves stream time forward without a frame (a silent link), so that held fragments end. Only out.lost is meaningful.
  void advance(double stream_ns, Decoded& out);

  const TunnelRegistry& tunnels() const;

 private:
  bool decode_plain(const Frame& frame, Decoded& out);
  void decode_layers(const Frame& frame, Decoded& out);
  bool decode_layer(const Frame& frame, Walk& walk, LayerStack& stack, Decoded& out);
  void settle(const Frame& frame, LayerStack& stack, Decoded& out);
  void settle_fragment(const Frame& frame, DecodedRecord& record, const Datagram& datagram, uint32_t parent, Decoded& out);
  void add_arp(const Frame& frame, Walk& walk, Decoded& out);
  void add_quoted(const Frame& frame, const LayerStack& stack, Decoded& out);

  DecodeOptions options_;
  std::unique_ptr<FlowHash> hash_;
  std::unique_ptr<FragmentTable> fragments_;
  std::unique_ptr<TunnelCache> tunnels_;
};

}  // namespace weir
