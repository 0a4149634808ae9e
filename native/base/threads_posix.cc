#include <pthread.h>

#include "threads.h"

namespace weir {

void name_this_thread(const std::string& name) { pthread_setname_np(pthread_self(), name.substr(0, 15).c_str()); }

// The linker has marked it (-z nodelete).
void keep_this_module() {}

}  // namespace weir
