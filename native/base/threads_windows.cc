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

}  // namespace weir
