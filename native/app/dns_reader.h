// DNS over UDP: the plain case of src/app/dns.ts. Short talks with a resolver: questions of one name each and their answers, of
// the types that hosts ask for, with or without EDNS, in any order, repeated or not answered.
#pragma once
#include <string>
#include <vector>

#include "dns_message.h"
#include "flow_reading.h"

namespace weir {

class DnsReader {
 public:
  // `found` is empty before.
  Reading read(const FlowBytes& flow, Found& found);

 private:
  bool read_message(const FlowBytes& flow, size_t index, size_t at, uint64_t& risks);
  bool read_last(const FlowBytes& flow, Found& found);
  bool read_whole(const FlowBytes& flow, Found& found);
  void learn(std::vector<LearnedName>& learned);
  bool is_in_chain(std::string_view name) const;
  void put_answer(std::string& out) const;
  void put_record(std::string& out, const DnsRecord& record) const;

  // What was read last.
  DnsMessage message_;
  std::vector<std::string_view> chain_;
  std::string asked_;
};

}  // namespace weir
