// OpenSSL 3 in the program itself: node.exe exports its functions.
#include <windows.h>

#include "libcrypto.h"

namespace weir {

void* crypto_function(const char* name) {
  const HMODULE program = GetModuleHandleW(nullptr);
  // It is in no OpenSSL before 3.
  if (GetProcAddress(program, "EVP_MD_fetch") == nullptr) return nullptr;
  return reinterpret_cast<void*>(GetProcAddress(program, name));
}

}  // namespace weir
