#include <windows.h>

#include "threads.h"
#include "wide_text.h"

namespace weir {

// SetThreadDescription is there from Windows 10 1607 on; before it, threads stay without names.
void name_this_thread(const std::string& name) {
  using Describe = HRESULT(WINAPI*)(HANDLE, PCWSTR);
  const HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
  const auto describe = reinterpret_cast<Describe>(reinterpret_cast<void*>(GetProcAddress(kernel, "SetThreadDescription")));
  if (describe != nullptr) describe(GetCurrentThread(), wide_of(name).c_str());
}

void keep_this_module() {
  HMODULE self = nullptr;
  const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
  GetModuleHandleExW(flags, reinterpret_cast<LPCWSTR>(reinterpret_cast<void*>(&keep_this_module)), &self);
}

}  // namespace weir
