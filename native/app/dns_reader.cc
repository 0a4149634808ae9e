#include "dns_reader.h"

#include <iterator>

#include "dns_records.h"
#include "name_risks.h"
#include "note_text.h"
#include "tables/dns.h"
#include "tables/labels.h"

namespace weir {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr uint16_t kMulticastPort = 5353;
constexpr uint16_t kLinkLocalPort = 5355;

constexpr size_t kMostDatagrams = 8;
constexpr size_t kMostBytes = 4096;
// Larger only with EDNS.
constexpr size_t kPlainLimit = 512;

constexpr uint32_t kA = 1, kCname = 5, kAaaa = 28;
// Passes over the answers in search of the CNAME chain, and how many CNAMEs a plain answer has.
constexpr int kChainPasses = 8;
constexpr size_t kMostAliases = 16;

bool is_address(const DnsRecord& record) { return record.type == kA || record.type == kAaaa; }

// Queries for a DNSCrypt server's certificate (version 2 of the protocol), which are no more DNS than in form.
bool is_dnscrypt(std::string_view query) {
  const size_t dot = query.find('.');
  constexpr std::string_view kLabel = ".dnscrypt-cert.";
  return dot != std::string_view::npos && is_same_name(query.substr(dot, kLabel.size()), kLabel);
}

void put_lower(std::string& out, std::string_view text) {
  const size_t at = out.size();
  out.append(text);
  for (size_t i = at; i < out.size(); i++) out[i] = lower_of(out[i]);
}

// By name, or by number behind `prefix`.
void put_code(std::string& out, std::string_view name, std::string_view prefix, uint32_t code) {
  out += '"';
  out += name.empty() ? prefix : name;
  if (name.empty()) put_decimal(out, code);
  out += '"';
}

void put_type_json(std::string& out, uint32_t type) { put_code(out, type_name(type), "TYPE", type); }

void put_rcode_json(std::string& out, uint32_t rcode) {
  put_code(out, rcode < std::size(kDnsRcodes) ? kDnsRcodes[rcode] : std::string_view(), "RCODE", rcode);
}

// Names and what has no quotes of its own.
void put_plain_json(std::string& out, std::string_view text) {
  out += '"';
  out += text;
  out += '"';
}

}  // namespace

Reading DnsReader::read(const FlowBytes& flow, Found& found) {
  const bool has_usual_ports = flow.server_port == kDnsPort && flow.client_port != kMulticastPort && flow.client_port != kLinkLocalPort;
  if (!has_usual_ports || flow.event_count > kMostDatagrams || flow.datagrams.length > kMostBytes) return Reading::kOdd;
  // The first question is in the note from the first datagram on.
  found.said_first = true;
  if (flow.ended) return read_whole(flow, found) ? Reading::kDone : Reading::kOdd;
  return read_last(flow, found) ? Reading::kMore : Reading::kOdd;
}

// The datagram number `index`, which begins at `at`; adds its risks.
bool DnsReader::read_message(const FlowBytes& flow, size_t index, size_t at, uint64_t& risks) {
  const AppEvent& event = flow.events[index];
  const Bytes bytes = flow.datagrams.part(at, event.length);
  if (bytes.length != event.length || !message_.read(bytes)) return false;
  if (index == 0 && (!message_.is_opening() || message_.is_response() != (event.side == kServer))) return false;
  if (is_dnscrypt(message_.query()) || !judge_name(message_.query(), risks)) return false;
  if (message_.is_obsolete()) risks |= kRiskDnsSuspiciousTraffic;
  if (!message_.is_response()) return true;
  if (message_.rcode() != 0) risks |= kRiskErrorCodeDetected;
  if (bytes.length > kPlainLimit && !message_.has_edns()) risks |= kRiskDnsLargePacket;
  size_t aliases = 0;
  for (size_t i = 0; i < message_.answer_count(); i++) aliases += message_.answer(i).type == kCname ? 1 : 0;
  return aliases <= kMostAliases;
}

// Those before it were plain: the reader was asked after each of them.
bool DnsReader::read_last(const FlowBytes& flow, Found& found) {
  const size_t last = flow.event_count - 1;
  size_t at = 0;
  for (size_t i = 0; i < last; i++) at += flow.events[i].length;
  uint64_t risks = 0;
  if (!read_message(flow, last, at, risks)) return false;
  if (message_.is_response()) learn(found.learned);
  return true;
}

bool DnsReader::read_whole(const FlowBytes& flow, Found& found) {
  uint64_t queries = 0;
  uint64_t responses = 0;
  uint32_t type = 0;
  bool is_answered = false;
  std::string& body = found.body;
  size_t at = 0;
  for (size_t i = 0; i < flow.event_count; i++) {
    if (!read_message(flow, i, at, found.risks)) return false;
    at += flow.events[i].length;
    (message_.is_response() ? responses : queries)++;
    if (i == 0) {
      asked_ = message_.query();
      type = message_.qtype();
      body += "\"dns\":{\"query\":";
      put_plain_json(body, asked_);
      body += ",\"type\":";
      put_type_json(body, type);
    }
    if (is_answered || !message_.is_response() || message_.qtype() != type || !is_same_name(message_.query(), asked_)) continue;
    is_answered = true;
    put_answer(body);
  }
  if (!is_answered) body += ",\"rcode\":null,\"answers\":[]";
  body += ",\"queries\":";
  put_decimal(body, queries);
  body += ",\"responses\":";
  put_decimal(body, responses);
  body += '}';
  found.confirmed = true;
  if (asked_ == ".") return true;
  put_lower(found.host, asked_);
  found.host_source = HostSource::kProtocol;
  return true;
}

void DnsReader::put_answer(std::string& out) const {
  out += ",\"rcode\":";
  put_rcode_json(out, message_.rcode());
  out += ",\"answers\":[";
  for (size_t i = 0; i < message_.answer_count(); i++) {
    if (i > 0) out += ',';
    put_record(out, message_.answer(i));
  }
  out += ']';
}

void DnsReader::put_record(std::string& out, const DnsRecord& record) const {
  out += "{\"name\":";
  put_plain_json(out, record.name);
  out += ",\"type\":";
  put_type_json(out, record.type);
  out += ",\"ttl\":";
  put_decimal(out, record.ttl);
  out += ",\"data\":";
  if (is_json_plain(record.type)) put_plain_json(out, record.data);
  else put_json(out, record.data);
  out += '}';
}

bool DnsReader::is_in_chain(std::string_view name) const {
  for (const std::string_view link : chain_) {
    if (is_same_name(link, name)) return true;
  }
  return false;
}

// The addresses of the name that was asked for, and of those that its chain of aliases ends in.
void DnsReader::learn(std::vector<LearnedName>& learned) {
  chain_.assign(1, message_.query());
  bool has_grown = true;
  for (int pass = 0; has_grown && pass < kChainPasses; pass++) {
    has_grown = false;
    for (size_t i = 0; i < message_.answer_count(); i++) {
      const DnsRecord& record = message_.answer(i);
      if (record.type != kCname || !is_in_chain(record.name) || is_in_chain(record.data)) continue;
      chain_.push_back(record.data);
      has_grown = true;
    }
  }
  for (size_t i = 0; i < message_.answer_count(); i++) {
    const DnsRecord& record = message_.answer(i);
    if (!is_address(record) || !is_in_chain(record.name)) continue;
    LearnedName& entry = learned.emplace_back();
    entry.address.assign(record.raw.text());
    put_lower(entry.name, message_.query());
    entry.ttl = record.ttl;
  }
}

}  // namespace weir
