#pragma once
// Watching operations until they end. Survives a restart of the hub: waits for it, says so, and
// goes on where it was, also at another port. What Ctrl-C does: interruptions.hpp; the operation
// goes on unless the user cancels it.

#include "base/time.hpp"
#include "cli/event_feed.hpp"
#include "cli/interruptions.hpp"

namespace hub::cli {

// How a watch ended.
struct WatchEnd {
  enum class How { ended, left };
  How how = How::ended;
  int exit_code = 0;
  std::optional<Seen> last;  // of a single one
};

// A resource: owns standard output and the signals while it lives.
class Watch {
 public:
  Watch(HubClient&, const WatchOptions&, Shown, WatchScreen::Scope, const Clock&);

  // Until it ends, with what runs below it.
  Result<WatchEnd> one(const OperationId&);
  // Until none is active any more.
  Result<WatchEnd> all();

  // Asks the hub, and waits for one that went away, or stops, as long as the options say; the
  // question is asked again then, so it must be safe to repeat. Errors as HubClient, "interrupted"
  // when the user has decided something.
  template <class Call>
  auto patiently(const Call& call) {
    auto answer = call();
    if (answer || !went_away(answer.error())) return answer;
    Result<> found = tl::unexpected(answer.error());
    do {
      found = wait_for_hub(found.error());
      if (!found) return decltype(answer)(tl::unexpected(found.error()));
      answer = call();
      if (!answer) found = tl::unexpected(answer.error());
    } while (!answer && went_away(answer.error()));
    if (answer || !went_away(answer.error())) hub_is_back();
    return answer;
  }
  // Waits; "interrupted" as patiently().
  Result<> rest(std::chrono::milliseconds);
  bool has_waited() const { return has_waited_; }  // something had to be asked again

 private:
  struct All;
  static bool went_away(const Error&);
  Result<> wait_for_hub(const Error&);
  void hub_is_back();
  Result<std::optional<Seen>> next(const Seen&);
  Result<Seen> cancel(const Seen&);
  Result<> look_at_children(const OperationState& of);
  Result<> look_at(All&);
  Result<WatchEnd> left(const std::string& what, const std::string& command);
  void look_at(const Seen&);

  HubClient& hub_;
  const WatchOptions options_;
  const Clock& clock_;
  WatchScreen screen_;
  Interruptions interruptions_;
  std::optional<std::chrono::steady_clock::time_point> away_since_;
  std::chrono::steady_clock::time_point children_at_{};
  bool has_waited_ = false;
  bool any_failed_ = false, any_cancelled_ = false;
};

}  // namespace hub::cli
