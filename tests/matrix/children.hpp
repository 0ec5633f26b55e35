#pragma once
// Tests that need a process of their own, because it is to end: the test program runs itself for
// one test case, which is skipped otherwise.

#include <cstdlib>
#include <string>

#include "base/process.hpp"

namespace hub::matrix {

inline ProcessOutcome run_child(const std::string& test_case,
                                const std::vector<std::string>& environment) {
  ProcessRequest request;
  request.arguments = {"/proc/self/exe", "--no-skip", "--minimal", "-tc=" + test_case};
  request.environment = environment;
  request.timeout = std::chrono::minutes(2);
  return run_process(request).value();
}

inline std::string given(const char* name) {
  const char* found = std::getenv(name);
  return found ? found : "";
}

}  // namespace hub::matrix
