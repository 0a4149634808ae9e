// zstd (RFC 8878, several frames).
#include <zstd.h>

#include "decompressing_stream.h"

namespace weir {
namespace {

class ZstdStream final : public DecompressingStream {
 public:
  ZstdStream(std::unique_ptr<ByteStream> compressed, std::string path)
      : DecompressingStream(std::move(compressed), std::move(path)), decoder_(ZSTD_createDStream()) {}
  ~ZstdStream() override { ZSTD_freeDStream(decoder_); }

  long read(uint8_t* into, size_t size) override {
    if (decoder_ == nullptr) return damaged("no memory to decompress");
    ZSTD_outBuffer out{into, size, 0};
    for (;;) {
      // A full output buffer may have left decoded bytes inside: try without input first.
      if (!have_input() && !drained_) {
        if (!decode(out)) return -1;
        drained_ = out.pos < out.size;
        if (out.pos > 0) return static_cast<long>(out.pos);
      }
      if (!have_input() && !refill()) return frame_open_ || !failure_.code.empty() ? damaged("the compressed file ends early") : 0;
      if (!decode(out)) return -1;
      drained_ = out.pos < out.size;
      if (out.pos > 0) return static_cast<long>(out.pos);
    }
  }

 private:
  bool decode(ZSTD_outBuffer& out) {
    ZSTD_inBuffer in{chunk_.data(), filled_, at_};
    const size_t status = ZSTD_decompressStream(decoder_, &out, &in);
    at_ = in.pos;
    if (ZSTD_isError(status) != 0) {
      damaged(std::string("the compressed file is damaged: ") + ZSTD_getErrorName(status));
      return false;
    }
    frame_open_ = status != 0;
    return true;
  }

  ZSTD_DStream* decoder_;
  bool frame_open_ = false;
  bool drained_ = true;
};

}  // namespace

std::unique_ptr<ByteStream> make_zstd_stream(std::unique_ptr<ByteStream> compressed, const std::string& path) {
  return std::make_unique<ZstdStream>(std::move(compressed), path);
}

}  // namespace weir
