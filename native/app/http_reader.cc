#include "http_reader.h"

#include "http_text.h"
#include "note_text.h"

namespace weir {
namespace {

// How much of the head the probe looks at.
constexpr size_t kProbe = 64;
// So many wait for their responses in no plain flow.
constexpr size_t kMostRequests = 512;

bool is_usual_port(uint16_t port) {
  for (const uint16_t usual : kHttpPorts) {
    if (port == usual) return true;
  }
  return false;
}

// The first segment alone shows that this is HTTP: nobody else is asked then. A line that is whole is read anyway.
bool begins_request(Bytes first) {
  const Bytes seen = first.part(0, kProbe);
  if (offset_of(seen, '\n') < seen.length) return true;
  if (seen.length < kProbe) return false;
  const size_t space = offset_of(seen, ' ');
  if (space > kProbe / 2 || !is_http_method(seen.part(0, space))) return false;
  const Bytes target = seen.part(space + 1);
  const size_t scheme = starts_with(target, "http://") ? 7 : starts_with(target, "https://") ? 8 : 0;
  if (scheme == 0 ? target[0] != '/' : !is_letter(target[scheme]) && !is_digit(target[scheme])) return false;
  for (size_t i = 0; i < target.length; i++) {
    if (target[i] > ' ' && target[i] < 0x7f) continue;
    const Bytes rest = target.part(i + 1);
    return target[i] == ' ' && starts_with(Bytes{reinterpret_cast<const uint8_t*>("HTTP/1."), 7}, rest.part(0, 7).text());
  }
  return true;
}

void put_text(std::string& out, const char* name, const HttpMessage& message, HttpField field, size_t limit = kHttpFieldLimit) {
  out += name;
  if (message.has(field)) put_json(out, message.text(field, limit));
  else out += "null";
}

}  // namespace

Reading HttpReader::read(const FlowBytes& flow, Found& found) {
  const AppEvent& first = flow.events[0];
  if (first.side != kClient || !is_usual_port(flow.server_port) || !begins_request(flow.heads[kClient].part(0, first.length))) return Reading::kOdd;
  const AppEvent& last = flow.events[flow.event_count - 1];
  for (const size_t side : {kClient, kServer}) seen_[side] = flow.heads[side].length;
  seen_[last.side] -= std::min<size_t>(seen_[last.side], last.length);
  whole_ = flow.ended;
  if (!read_sides(flow, found)) return Reading::kOdd;
  const bool is_done = sides_[kClient].complete() && sides_[kServer].complete();
  if (is_done && !whole_) {
    whole_ = true;
    if (!read_sides(flow, found)) return Reading::kOdd;
  }
  if (is_done) {
    put_body(found.body);
    return Reading::kDone;
  }
  for (const size_t side : {kClient, kServer}) {
    found.need[side] = sides_[side].need();
    found.pass[side] = sides_[side].pass();
    if (!sides_[side].complete()) continue;
    found.full |= 1 << side;
    found.enough[side] = sides_[side].enough();
  }
  return Reading::kMore;
}

bool HttpReader::read_sides(const FlowBytes& flow, Found& found) {
  for (const size_t side : {kClient, kServer}) sides_[side].begin(side, flow);
  requests_.clear();
  answered_ = 0;
  found.risks = 0;
  found.confirmed = true;
  first_response_ = HttpMessage();
  return read_requests(found) && read_responses(found);
}

bool HttpReader::is_judged(size_t side, const HttpMessage& message) const { return whole_ || message.end > seen_[side]; }

bool HttpReader::read_requests(Found& found) {
  HttpMessages& side = sides_[kClient];
  for (;;) {
    switch (side.next()) {
      case HttpFound::kNothing:
        // What is done before the first request was seen is not told here.
        return !requests_.empty() || !side.complete();
      case HttpFound::kOdd: return false;
      case HttpFound::kHead:
        if (!on_request(found)) return false;
        break;
      case HttpFound::kBody:
        if (whole_) add_body_risks(side.message(), requests_.back().asker, side.body_start(), found.risks);
        break;
      default: break;
    }
  }
}

bool HttpReader::on_request(Found& found) {
  HttpMessages& side = sides_[kClient];
  const HttpMessage& message = side.message();
  if (message.upgrade || requests_.size() == kMostRequests) return false;
  if (is_judged(kClient, message)) {
    Bytes host;
    if (!has_plain_texts(message) || !host_of(message, host) || !add_request_risks(message, host, found.risks)) return false;
    if (requests_.empty()) {
      first_request_ = message;
      first_host_ = host;
      found.host = without_port(host).text();
      found.host_source = HostSource::kHttpHost;
    }
  }
  const HttpAsker asker = {message.text(HttpField::kHost), message.text(HttpField::kUserAgent, kHttpTextLimit)};
  requests_.push_back({asker, message.method.text() == "HEAD"});
  side.frame(message.chunked ? HttpFraming::kChunked : HttpFraming::kLength, message.content_length);
  return true;
}

bool HttpReader::read_responses(Found& found) {
  HttpMessages& side = sides_[kServer];
  for (;;) {
    // What no request waits for: when it is read depends on how it came, unless no more requests will be read.
    if (side.idle() && answered_ == requests_.size() && !sides_[kClient].full()) return side.at_end();
    switch (side.next()) {
      case HttpFound::kNothing: return true;
      case HttpFound::kOdd: return false;
      case HttpFound::kHead:
        if (!on_response(found)) return false;
        break;
      case HttpFound::kBody:
        if (whole_) add_body_risks(side.message(), answered_request_.asker, side.body_start(), found.risks);
        break;
      default: break;
    }
  }
}

bool HttpReader::on_response(Found& found) {
  HttpMessages& side = sides_[kServer];
  const HttpMessage& message = side.message();
  if (message.status == 101) return false;
  if (message.status < 200) {
    side.frame(HttpFraming::kNone, 0);
    return true;
  }
  const bool is_first = first_response_.status == 0;
  const bool is_asked = answered_ < requests_.size();
  answered_request_ = is_asked ? requests_[answered_++] : Request();
  // A tunnel whose CONNECT was not seen.
  if (!is_asked && equals_any_case(message.reason, "connection established")) return false;
  if (is_judged(kServer, message) && (!has_plain_texts(message) || !add_response_risks(message, answered_request_.asker, found.risks))) return false;
  if (is_first) first_response_ = message;
  frame_response();
  return true;
}

// RFC 9112 section 6.3.
void HttpReader::frame_response() {
  HttpMessages& side = sides_[kServer];
  const HttpMessage& message = side.message();
  const uint32_t status = message.status;
  if (answered_request_.is_head || status == 204 || status == 304) side.frame(HttpFraming::kNone, 0);
  else if (message.chunked) side.frame(HttpFraming::kChunked, 0);
  else if (message.has_length) side.frame(HttpFraming::kLength, message.content_length);
  else side.frame(HttpFraming::kUntilClose, 0);
}

void HttpReader::put_body(std::string& out) const {
  const HttpMessage& request = first_request_;
  const HttpMessage& response = first_response_;
  out += "\"http\":{\"version\":";
  put_json(out, request.version);
  out += ",\"method\":";
  put_json(out, request.method);
  out += ",\"host\":";
  if (first_host_.data == nullptr) out += "null";
  else put_json(out, first_host_);
  out += ",\"url\":";
  put_json(out, target_of(request));
  out += ",\"status\":";
  if (response.status == 0) out += "null";
  else put_decimal(out, response.status);
  put_text(out, ",\"user_agent\":", request, HttpField::kUserAgent, kHttpTextLimit);
  put_text(out, ",\"referer\":", request, HttpField::kReferer, kHttpTextLimit);
  put_text(out, ",\"server\":", response, HttpField::kServerName);
  put_text(out, ",\"request_content_type\":", request, HttpField::kContentType);
  put_text(out, ",\"response_content_type\":", response, HttpField::kContentType);
  out += ",\"requests\":";
  put_decimal(out, requests_.size());
  out += '}';
}

}  // namespace weir
