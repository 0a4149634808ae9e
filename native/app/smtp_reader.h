// SMTP (RFC 5321) in clear: the plain case of src/app/smtp.ts. A mail server greets, a client says EHLO or HELO (or only
// QUIT), and the dialogue goes on until a message is accepted or the flow ends. STARTTLS that is accepted, AUTH, and
// whatever is not plain text are left to the parser.
#pragma once
#include "flow_reading.h"
#include "smtp_dialogue.h"

namespace weir {

class SmtpReader {
 public:
  // `found` is empty before.
  Reading read(const FlowBytes& flow, Found& found);

 private:
  SmtpDialogue dialogue_;
};

}  // namespace weir
