// What std::thread does not have. threads_posix.cc and threads_windows.cc.
#pragma once
#include <string>

namespace weir {

// Visible in process viewers and debuggers; Linux keeps 15 bytes.
void name_this_thread(const std::string& name);

}  // namespace weir
