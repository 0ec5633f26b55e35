#pragma once
// What a fuzz target holds the readers to. A broken promise ends the process, which libFuzzer
// reports with the input that did it.

#include <cstdlib>
#include <string_view>

#include "base/log.hpp"
#include "base/result.hpp"

namespace hub::fuzz {

inline void promise(bool kept, std::string_view what) {
  if (kept) return;
  log::error("fuzz", "promise_broken", {{"what", what}});
  std::abort();
}

// A refusal says why, where, and what to do.
inline void promise_refusal(const Error& error) {
  promise(!error.reason.empty(), "a refusal has a reason");
  promise(!error.hint.empty(), "a refusal says how to mend it");
  promise(error.details.contains("file"), "a refusal names the file");
  promise(error.message.starts_with("cannot "), "a refusal says what cannot be done");
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as libFuzzer gives them
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace hub::fuzz
