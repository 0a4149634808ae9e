#include "history.h"

#include "../decode/protocols.h"

namespace weir {
namespace {

// A letter that comes again when its number differs; `last` is the field of the number that came with it.
void write_numbered(const Row& row, uint32_t side, uint32_t bit, char letter, uint32_t seq, size_t last) {
  uint8_t& bits = row.cold[kRowLettersA + side];
  if ((bits & bit) == 0 || get<uint32_t>(row.cold, last + 4 * side) != seq) write_letter(row, side, letter);
  bits = static_cast<uint8_t>(bits | bit);
  put<uint32_t>(row.cold, last + 4 * side, seq);
}

}  // namespace

void write_segment(const Row& row, uint32_t side, uint8_t flags, uint32_t seq, uint32_t length) {
  if ((flags & kTcpSyn) != 0) {
    const bool answers = (flags & kTcpAck) != 0;
    write_numbered(row, side, answers ? kLetterSynAck : kLetterSyn, answers ? 'H' : 'S', seq, kRowIsnA);
  } else if ((flags & kTcpFin) != 0) {
    write_numbered(row, side, kLetterFin, 'F', seq + length + 1, kRowFinSeqA);
  } else if ((flags & kTcpRst) != 0) {
    write_numbered(row, side, kLetterRst, 'R', seq, kRowRstSeqA);
  } else if (length > 0) {
    write_once(row, side, kSideLetterData, 'D');
  } else if ((flags & kTcpAck) != 0) {
    write_once(row, side, kSideLetterAck, 'A');
  }
}

}  // namespace weir
