#include "matrix/premises.hpp"

#include <cstdlib>

#include "base/log.hpp"

// Thousands of short-lived hubs: a third of the time would go into remembering who allocated what.
// NOLINTNEXTLINE(bugprone-reserved-identifier): AddressSanitizer asks for it by this name
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "malloc_context_size=4:max_malloc_fill_size=0:quarantine_size_mb=32";
}

namespace hub::matrix {
namespace {

// Before anything asks for a folder.
const int in_memory = [] {
  const bool roomy = fs::is_directory("/dev/shm") && fs::space("/dev/shm").available > 1U << 30U;
  return roomy ? ::setenv("TMPDIR", "/dev/shm", 0) : 0;
}();

}  // namespace

const Premises& premises() {
  log::set_level(log::Level::error);
  static const Premises one;
  return one;
}

std::vector<OperationKind> every_kind() {
  const TemporaryDirectory base;
  SmallHub hub(base.path(), premises().registry_url());
  return hub.manager().kinds();
}

}  // namespace hub::matrix
