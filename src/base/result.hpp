#pragma once
// Errors a caller can act on. Everything else (disk full, database gone, a bug) is an
// exception, caught only at the edges: main(), one HTTP request, one operation run.

#include <string>
#include <utility>

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <tl/expected.hpp>

namespace hub {

// Add a code only when some caller branches on it. http maps each to one status.
enum class ErrorCode {
  invalid,      // the input is wrong and will stay wrong
  not_found,    // no such thing
  conflict,     // the thing is busy, or changed meanwhile
  forbidden,    // known who asks, and the answer is no
  unavailable,  // something outside does not answer now; later it may
  cancelled,    // somebody asked us to stop
  exhausted,    // a limit of ours is reached: queue, disk, size
};
BOOST_DESCRIBE_ENUM(ErrorCode, invalid, not_found, conflict, forbidden, unavailable, cancelled,
                    exhausted)

struct Error {
  ErrorCode code = ErrorCode::invalid;
  std::string message;  // "cannot <verb> <thing>: <reason>", no capital, no full stop
  std::string reason;   // stable snake_case code for programs; empty when none branches
  std::string hint;     // one sentence that says what to do; may be empty
  boost::json::object details = {};  // every variable part of the message
};

// A value or an Error. Ignoring one is a compile error.
template <class T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(tl::expected<T, Error> other) : tl::expected<T, Error>(std::move(other)) {}
};

inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string reason = {},
                                  std::string hint = {}, boost::json::object details = {}) {
  return tl::unexpected(
      Error{code, std::move(message), std::move(reason), std::move(hint), std::move(details)});
}

}  // namespace hub

// HUB_TRY(name, expression): name the value, or return the error to our caller.
// HUB_CHECK(expression): the same for a Result without a value.
// Statements, not expressions, and never inside a coroutine (g++ 12.2, docs/decisions).
#define HUB_TRY(name, ...)                                                     \
  auto name##_result = (__VA_ARGS__);                                          \
  if (!name##_result) return tl::unexpected(std::move(name##_result).error()); \
  auto name = *std::move(name##_result)
#define HUB_CHECK(...) \
  if (auto hub_checked = (__VA_ARGS__); !hub_checked) return tl::unexpected(hub_checked.error())
