// HTTP/1.x over TCP (RFC 9110, RFC 9112): the plain case of src/app/http.ts. Requests and their responses of one connection;
// what takes over afterwards (CONNECT, Upgrade) and what is not answered in turn is odd.
#pragma once
#include <vector>

#include "flow_reading.h"
#include "http_messages.h"
#include "http_risks.h"

namespace weir {

class HttpReader {
 public:
  // `found` is empty before.
  Reading read(const FlowBytes& flow, Found& found);

 private:
  // What a response must know of its request.
  struct Request {
    HttpAsker asker;
    bool is_head = false;
  };

  // False: odd.
  bool read_sides(const FlowBytes& flow, Found& found);
  bool read_requests(Found& found);
  bool read_responses(Found& found);
  bool on_request(Found& found);
  bool on_response(Found& found);
  void frame_response();
  bool is_judged(size_t side, const HttpMessage& message) const;
  void put_body(std::string& out) const;

  HttpMessages sides_[2];
  std::vector<Request> requests_;
  size_t answered_ = 0;
  // Who asked for the last response.
  Request answered_request_;
  HttpMessage first_request_;
  Bytes first_host_;
  HttpMessage first_response_;
  // The findings are wanted, not only whether the flow is plain.
  bool whole_ = false;
  // Bytes of each side that were there before the last event.
  size_t seen_[2] = {0, 0};
};

}  // namespace weir
