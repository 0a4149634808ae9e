#include "ssh_reader.h"

#include "note_text.h"
#include "tables/labels.h"
#include "tables/ssh.h"

namespace weir {
namespace {

constexpr std::string_view kStarts[] = {"SSH-2.0-", "SSH-1.99-"};
constexpr size_t kSureBytes = 8;
constexpr size_t kHeadLimit = 16384;
constexpr size_t kLongestLine = 255;
constexpr size_t kPacketHeader = 5;
constexpr uint32_t kLeastPadding = 4;
constexpr uint8_t kKexInit = 20;

// The head begins as a banner of protocol 2, as far as it goes.
bool begins_well(Bytes head) {
  for (const std::string_view start : kStarts) {
    const size_t length = std::min(head.length, start.size());
    if (head.text().substr(0, length) == start.substr(0, length)) return true;
  }
  return false;
}

// The parser is sure at the first event: it is asked first at its ports, and one side has begun like this.
bool is_sure_at_once(const FlowBytes& flow) {
  const AppEvent& first = flow.events[0];
  return first.length >= kSureBytes && begins_well(flow.heads[first.side].part(0, kSureBytes));
}

bool is_usual_port(uint16_t port) { return std::find(std::begin(kSshPorts), std::end(kSshPorts), port) != std::end(kSshPorts); }

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

// Numbers with one byte of something else between them; what is not there is 0.
bool is_older(std::string_view version, const uint32_t (&limit)[3]) {
  constexpr uint32_t kMuch = 1000000;
  size_t at = 0;
  for (const uint32_t least : limit) {
    uint32_t part = 0;
    for (; at < version.size() && is_digit(version[at]); at++) part = std::min(kMuch, part * 10 + static_cast<uint32_t>(version[at] - '0'));
    if (part != least) return part < least;
    at++;
  }
  return false;
}

// `SSH-2.0-OpenSSH_6.6 Debian`: software that is too old.
bool is_obsolete(Bytes banner) {
  std::string_view software = banner.text();
  software.remove_prefix(software.find('-', 4) + 1);
  for (const OldSoftware& old : kOldSoftware) {
    if (software.substr(0, old.name.size()) != old.name) continue;
    const std::string_view version = software.substr(old.name.size());
    if (!version.empty() && is_digit(version[0]) && is_older(version, old.limit)) return true;
  }
  return false;
}

void put_banner(std::string& out, std::string_view member, Bytes banner) {
  out += member;
  if (banner.length == 0) out += "null";
  else put_json(out, banner);
}

}  // namespace

Reading SshReader::read(const FlowBytes& flow, Found& found) {
  if (!is_sure_at_once(flow) || !is_usual_port(flow.server_port)) return Reading::kOdd;
  Side sides[2];
  for (const size_t side : {kClient, kServer}) {
    if (!read_side(flow.heads[side], side, sides[side])) return Reading::kOdd;
    found.need[side] = sides[side].need;
  }
  if (!flow.ended && (sides[kClient].offer == nullptr || sides[kServer].offer == nullptr)) return Reading::kMore;
  tell(sides[kClient], sides[kServer], found);
  return Reading::kDone;
}

// False when the side is odd. Whatever may make it so is looked at as soon as it is there: `need` passes over none of it, as
// the parser gives up a side, and may be done, at that moment.
bool SshReader::read_side(Bytes head, size_t side, Side& read) {
  if (head.length >= kHeadLimit || !begins_well(head)) return false;
  read.need = head.length + 1;
  const Bytes line = head.part(0, kLongestLine + 1);
  const void* const found = line.length == 0 ? nullptr : std::memchr(line.data, '\n', line.length);
  if (found == nullptr) return head.length <= kLongestLine;
  const size_t end = static_cast<size_t>(static_cast<const uint8_t*>(found) - line.data);
  if (end < kStarts[1].size()) return false;
  read.banner = line.part(0, line[end - 1] == '\r' ? end - 1 : end);
  if (!is_plain_text(read.banner)) return false;

  read.need = end + 1 + kPacketHeader;
  if (head.length < read.need) return true;
  Cursor cursor(head.part(end + 1));
  const uint32_t length = cursor.u32();
  const uint32_t padding = cursor.u8();
  if (padding < kLeastPadding || length < padding + 2) return false;
  read.need = end + 1 + 4 + length;
  // A packet that is longer than any may be is longer than a head too.
  if (head.length < read.need) return read.need < kHeadLimit;
  const Bytes payload = cursor.take(length - padding - 1);
  if (payload[0] != kKexInit) return false;
  read.need = kHeadLimit;
  read.offer = offers_.find(side, payload);
  return read.offer != nullptr;
}

void SshReader::tell(const Side& client, const Side& server, Found& found) {
  found.confirmed = client.banner.length > 0 || server.banner.length > 0;
  if (!found.confirmed) return;
  const auto is_old = [](const Side& side) {
    return (side.banner.length > 0 && is_obsolete(side.banner)) || (side.offer != nullptr && side.offer->is_obsolete);
  };
  if (is_old(client)) found.risks |= kRiskSshObsoleteClientVersionOrCipher;
  if (is_old(server)) found.risks |= kRiskSshObsoleteServerVersionOrCipher;
  put_banner(found.body, "\"ssh\":{\"client\":", client.banner);
  put_banner(found.body, ",\"server\":", server.banner);
  found.body += ',';
  const bool both = client.offer != nullptr && server.offer != nullptr;
  found.body += both ? SshOffers::negotiate(*client.offer, *server.offer) : SshOffers::nothing();
  found.body += '}';
  if (client.offer != nullptr) found.body.append(",\"hassh\":\"").append(client.offer->hassh) += '"';
  if (server.offer != nullptr) found.body.append(",\"hassh_server\":\"").append(server.offer->hassh) += '"';
  found.share(0);
}

}  // namespace weir
