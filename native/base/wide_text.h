// UTF-8, as Node-API gives it, to what Windows calls take, and back. Windows only.
#pragma once
#include <string>

namespace weir {

std::wstring wide_of(const std::string& text);
std::string narrow_of(const wchar_t* text);

}  // namespace weir
