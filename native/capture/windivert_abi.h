// The binary interface of WinDivert 2.2 as far as it is used here: facts of its documentation, in our words.
#pragma once
#include <cstdint>

namespace weir {

// What the driver says of a packet, and wants back with it unchanged.
struct DivertAddress {
  int64_t timestamp;  // ticks of the performance counter
  uint8_t layer;
  uint8_t event;
  uint8_t flags;  // DivertFlag bits
  uint8_t reserved0;
  uint32_t reserved1;
  uint32_t interface_index;
  uint32_t sub_interface_index;
  uint8_t reserved2[56];
};
static_assert(sizeof(DivertAddress) == 80, "WINDIVERT_ADDRESS");

enum DivertFlag : uint8_t {
  kDivertSniffed = 0x01,
  kDivertOutbound = 0x02,
  kDivertLoopback = 0x04,
  kDivertImpostor = 0x08,
  kDivertIpv6 = 0x10,
  // The checksum is in the packet; without it the driver computes it when the packet is put back.
  kDivertTcpChecksum = 0x40,
};

constexpr int kDivertLayerNetwork = 0;
constexpr uint64_t kDivertOpenSniff = 0x01;
constexpr uint64_t kDivertOpenReceiveOnly = 0x04;
constexpr int kDivertShutdownReceive = 1;

enum DivertParameter : int { kDivertQueueLength = 0, kDivertQueueTime = 1, kDivertQueueSize = 2, kDivertMajor = 3, kDivertMinor = 4 };

// The driver's limits of its queue: packets, milliseconds, bytes.
constexpr uint32_t kDivertMaxQueueBytes = 33'554'432;
constexpr uint32_t kDivertMinQueueBytes = 65'535;
// Packets of one call, and the largest packet.
constexpr uint32_t kDivertMaxBatch = 255;
constexpr uint32_t kDivertMaxPacket = 40 + 65'535;

// Codes of GetLastError that mean something here.
enum DivertError : uint32_t {
  kErrorFileNotFound = 2,
  kErrorAccessDenied = 5,
  kErrorInvalidParameter = 87,
  kErrorInsufficientBuffer = 122,
  kErrorModuleNotFound = 126,
  kErrorBadImage = 193,
  kErrorNoData = 232,
  kErrorInvalidImageHash = 577,
  kErrorDriverFailedPriorUnload = 654,
  kErrorOperationAborted = 995,
  kErrorServiceTimeout = 1053,
  kErrorServiceLocked = 1055,
  kErrorServiceNotThere = 1060,
  kErrorDllInitialisation = 1114,
  kErrorHostUnreachable = 1232,
  kErrorDriverBlocked = 1275,
  kErrorEndpointNotRegistered = 1753,
};

// The calls, filled in by windivert_library_windows.cc, or by a test. On x64 there is one calling convention.
struct DivertApi {
  void* (*open)(const char* filter, int layer, int16_t priority, uint64_t flags);
  int (*receive)(void* handle, void* packets, unsigned bytes, unsigned* received, uint64_t flags, DivertAddress* addresses,
                 unsigned* address_bytes, void* overlapped);
  int (*send)(void* handle, const void* packets, unsigned bytes, unsigned* sent, uint64_t flags, const DivertAddress* addresses,
              unsigned address_bytes, void* overlapped);
  int (*shutdown)(void* handle, int how);
  int (*close)(void* handle);
  int (*set_parameter)(void* handle, int parameter, uint64_t value);
  int (*get_parameter)(void* handle, int parameter, uint64_t* value);
  int (*compile_filter)(const char* filter, int layer, char* object, unsigned bytes, const char** error, unsigned* position);
  uint32_t (*last_error)();
};

// What WinDivertOpen returns on failure.
inline bool is_open(const void* handle) { return handle != nullptr && handle != reinterpret_cast<const void*>(~uintptr_t{0}); }

}  // namespace weir
