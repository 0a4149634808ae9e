// What std::thread does not have. threads_posix.cc and threads_windows.cc.
#pragma once
#include <string>

namespace weir {

// Visible in process viewers and debuggers; Linux keeps 15 bytes.
void name_this_thread(const std::string& name);

// Code that threads run in must stay where it is, also when the last environment that loaded it has gone.
void keep_this_module();

}  // namespace weir
