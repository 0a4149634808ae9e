// OpenSSL 3 in the process itself, or the system's library where the program has none (C++ under test).
#include <dlfcn.h>

#include "libcrypto.h"

namespace weir {
namespace {

// All functions come from one place: this one is in no OpenSSL before 3.
void* library() {
  if (dlsym(RTLD_DEFAULT, "EVP_MD_fetch") != nullptr) return RTLD_DEFAULT;
  void* const opened = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
  return opened != nullptr && dlsym(opened, "EVP_MD_fetch") != nullptr ? opened : nullptr;
}

}  // namespace

void* crypto_function(const char* name) {
  static void* const from = library();
  // On some systems the process itself is null as well.
  static const bool any = from != nullptr || dlsym(RTLD_DEFAULT, "EVP_MD_fetch") != nullptr;
  return any ? dlsym(from, name) : nullptr;
}

}  // namespace weir
