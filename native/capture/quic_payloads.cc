// The start of a QUIC connection (RFC 9000), and packets as they follow it.
//
// Every connection begins with the same two Initials: those printed in RFC 9001, which decrypt with the keys that the
// client's connection id gives. The generator has no AES; what other packets protect is random.
#include <cstring>

#include "app_payloads.h"
#include "message_writer.h"

namespace weir {
namespace {

constexpr size_t kDatagram = 1200;
constexpr uint8_t kServerId[8] = {0xf0, 0x67, 0xa5, 0x50, 0x2a, 0x42, 0x62, 0xb5};  // as in the server's Initial; the client's id is empty

// RFC 9001 appendix A.2: the Initial of a client that asks for example.com, 1,200 bytes.
constexpr const char* kClientInitial =
    "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c0bab7df5976d27cd449f6330"
    "0099f3991c260ec4c60d17b31f8429157bb35a1282a643a8d2262cad67500cadb8e7378c8eb7539ec4d4905fed1bee1fc8aafba17c750e2c7ace01e6"
    "005f80fcb7df621230c83711b39343fa028cea7f7fb5ff89eac2308249a02252155e2347b63d58c5457afd84d05dfffdb20392844ae812154682e9cf"
    "012f9021a6f0be17ddd0c2084dce25ff9b06cde535d0f920a2db1bf362c23e596d11a4f5a6cf3948838a3aec4e15daf8500a6ef69ec4e3feb6b1d98e"
    "610ac8b7ec3faf6ad760b7bad1db4ba3485e8a94dc250ae3fdb41ed15fb6a8e5eba0fc3dd60bc8e30c5c4287e53805db059ae0648db2f64264ed5e39"
    "be2e20d82df566da8dd5998ccabdae053060ae6c7b4378e846d29f37ed7b4ea9ec5d82e7961b7f25a9323851f681d582363aa5f89937f5a67258bf63"
    "ad6f1a0b1d96dbd4faddfcefc5266ba6611722395c906556be52afe3f565636ad1b17d508b73d8743eeb524be22b3dcbc2c7468d54119c7468449a13"
    "d8e3b95811a198f3491de3e7fe942b330407abf82a4ed7c1b311663ac69890f4157015853d91e923037c227a33cdd5ec281ca3f79c44546b9d90ca00"
    "f064c99e3dd97911d39fe9c5d0b23a229a234cb36186c4819e8b9c5927726632291d6a418211cc2962e20fe47feb3edf330f2c603a9d48c0fcb5699d"
    "bfe5896425c5bac4aee82e57a85aaf4e2513e4f05796b07ba2ee47d80506f8d2c25e50fd14de71e6c418559302f939b0e1abd576f279c4b2e0feb85c"
    "1f28ff18f58891ffef132eef2fa09346aee33c28eb130ff28f5b766953334113211996d20011a198e3fc433f9f2541010ae17c1bf202580f6047472f"
    "b36857fe843b19f5984009ddc324044e847a4f4a0ab34f719595de37252d6235365e9b84392b061085349d73203a4a13e96f5432ec0fd4a1ee65accd"
    "d5e3904df54c1da510b0ff20dcc0c77fcb2c0e0eb605cb0504db87632cf3d8b4dae6e705769d1de354270123cb11450efc60ac47683d7b8d0f811365"
    "565fd98c4c8eb936bcab8d069fc33bd801b03adea2e1fbc5aa463d08ca19896d2bf59a071b851e6c239052172f296bfb5e72404790a2181014f3b94a"
    "4e97d117b438130368cc39dbb2d198065ae3986547926cd2162f40a29f0c3c8745c0f50fba3852e566d44575c29d39a03f0cda721984b6f440591f35"
    "5e12d439ff150aab7613499dbd49adabc8676eef023b15b65bfc5ca06948109f23f350db82123535eb8a7433bdabcb909271a6ecbcb58b936a88cd4e"
    "8f2e6ff5800175f113253d8fa9ca8885c2f552e657dc603f252e1a8e308f76f0be79e2fb8f5d5fbbe2e30ecadd220723c8c0aea8078cdfcb3868263f"
    "f8f0940054da48781893a7e49ad5aff4af300cd804a6b6279ab3ff3afb64491c85194aab760d58a606654f9f4400e8b38591356fbf6425aca26dc852"
    "44259ff2b19c41b9f96f3ca9ec1dde434da7d2d392b905ddf3d1f9af93d1af5950bd493f5aa731b4056df31bd267b6b90a079831aaf579be0a390131"
    "37aac6d404f518cfd46840647e78bfe706ca4cf5e9c5453e9f7cfd2b8b4c8d169a44e55c88d4a9a7f9474241e221af44860018ab0856972e194cd934";

// RFC 9001 appendix A.3: the Initial of its server, 135 bytes.
constexpr const char* kServerInitial =
    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec249"
    "3a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d"
    "20398c276456cbc42158407dd074ee";

// A Handshake packet that fills the datagram from where it stands.
void put_handshake_packet(MessageWriter& out, Random& random, bool server, size_t room) {
  out.u8(0xe0 | random.below(16));  // the low bits are under header protection
  out.u32(1);
  const std::string_view id(reinterpret_cast<const char*>(kServerId), sizeof kServerId);
  out.text_block(1, server ? std::string_view() : id);
  out.text_block(1, server ? id : std::string_view());
  const size_t rest = room - (1 + 4 + 2 + sizeof kServerId + 2);
  out.u16(0x4000 | static_cast<uint32_t>(rest));  // a length of two bytes
  out.random(random, rest);
}

}  // namespace

bool make_quic_turn(const AppDialogue& dialogue, uint32_t number, Turn& turn) {
  Random random(dialogue.seed + number);
  MessageWriter out(turn.bytes);
  turn.side = number == 1 || number == 2 ? 1 : 0;
  switch (number) {
    case 0: out.hex(kClientInitial); return true;
    case 1:
      out.hex(kServerInitial);
      put_handshake_packet(out, random, true, kDatagram - turn.bytes.size());
      return true;
    case 2: put_handshake_packet(out, random, true, kDatagram); return true;
    case 3: put_handshake_packet(out, random, false, 90); return true;
    default: return false;
  }
}

void make_quic_short_header(uint8_t* packet, int side) {
  packet[0] = static_cast<uint8_t>(0x40 | (packet[0] & 0x3f));
  if (side == 0) std::memcpy(packet + 1, kServerId, sizeof kServerId);
}

}  // namespace weir
