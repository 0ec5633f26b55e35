#include "cli/watch.hpp"

#include <algorithm>

namespace hub::cli {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr milliseconds frame{200};         // of a screen that moves
constexpr milliseconds line_pause{2'000};  // in a pipe: progress is looked at so often
constexpr milliseconds list_pause{500};    // the same, of all that are active
constexpr milliseconds try_again_every{300};
constexpr milliseconds children_pause{500};
constexpr int page_size = 1'000;

SteadyTime now() { return std::chrono::steady_clock::now(); }

bool was_interrupted(const Error& error) { return error.reason == "interrupted"; }

std::string seconds_text(SteadyTime since) {
  return duration_text(std::chrono::duration_cast<milliseconds>(now() - since));
}

}  // namespace

Watch::Watch(HubClient& hub, const WatchOptions& options, Shown shown, WatchScreen::Scope scope,
             const Clock& clock)
    : hub_(hub),
      options_(options),
      clock_(clock),
      screen_(shown, scope, find_console(), clock),
      interruptions_(hub.session(), screen_, find_console(),
                     scope == WatchScreen::Scope::one ? Interruptions::Question::leave_or_cancel
                                                      : Interruptions::Question::never) {}

bool Watch::went_away(const Error& error) {
  return error.reason == "hub_unreachable" || error.reason == "stopping" ||
         error.reason == "overloaded" || error.reason == "busy";
}

Result<> Watch::wait_for_hub(const Error& error) {
  has_waited_ = true;
  if (!away_since_) away_since_ = now();
  const auto patience = std::chrono::seconds(options_.reconnect_s);
  const auto left = std::chrono::ceil<std::chrono::seconds>(*away_since_ + patience - now());
  if (left.count() <= 0) {
    screen_.notice({});
    auto given_up = error;
    given_up.message += ", for " + std::to_string(options_.reconnect_s) + " s now";
    given_up.hint = "what was accepted goes on when the hub runs again; " + given_up.hint;
    return tl::unexpected(std::move(given_up));
  }
  screen_.notice("the hub does not answer; waiting for it" +
                 (screen_.is_live() ? ", " + std::to_string(left.count()) + " s more"
                                    : " for up to " + std::to_string(left.count()) + " s"));
  HUB_CHECK(rest(try_again_every));
  auto found = hub_.find_again();
  // Not there yet: the question will fail again, and bring us back here.
  if (!found && !went_away(found.error())) return found;
  return {};
}

void Watch::hub_is_back() {
  if (!away_since_) return;
  screen_.notice({});
  screen_.say("the hub is back after " + seconds_text(*away_since_));
  away_since_.reset();
}

// Signals, keys and events are looked after meanwhile.
Result<> Watch::rest(milliseconds how_long) {
  const auto until = now() + how_long;
  for (auto left = how_long; left.count() > 0;
       left = std::chrono::ceil<milliseconds>(until - now())) {
    HUB_CHECK(hub_.session().wait(left));
  }
  return {};
}

void Watch::look_at(const Seen& seen) {
  screen_.look_at(seen);
  any_failed_ = any_failed_ || seen.state.status == OperationStatus::failed;
  any_cancelled_ = any_cancelled_ || seen.state.status == OperationStatus::cancelled;
}

// The newest state; waits for a change. Absent: the user has decided something.
Result<std::optional<Seen>> Watch::next(const Seen& seen) {
  const auto patience = screen_.is_live() ? frame : line_pause;
  const auto asked_at = now();
  auto found = patiently(
      [&] { return hub_.find_later(seen.state.operation_id, seen.state.revision, patience); });
  // A hub that answers at once although nothing is new must not be asked in a circle.
  Result<> waited;
  if (found && found->state.revision == seen.state.revision && now() - asked_at < patience / 2) {
    waited = rest(patience);
  }
  for (const auto* error : {found ? nullptr : &found.error(), waited ? nullptr : &waited.error()}) {
    if (!error) continue;
    if (was_interrupted(*error)) return std::optional<Seen>();
    return tl::unexpected(*error);
  }
  return std::optional(*std::move(found));
}

// What the hub says when asked to cancel; its refusal is shown, and the watch goes on.
Result<Seen> Watch::cancel(const Seen& seen) {
  interruptions_.reset();
  screen_.say("cancelling");
  auto asked = patiently([&] { return hub_.cancel(seen.state.operation_id); });
  if (asked || was_interrupted(asked.error())) return asked;
  screen_.say(asked.error().message + (asked.error().hint.empty() ? "" : "; " + asked.error().hint),
              Paint::warning);
  return seen;
}

// What runs below it; asked for now and then, and at the end.
Result<> Watch::look_at_children(const OperationState& of) {
  const auto& parent = of.operation_id;
  if (of.parent_id) return {};  // one level deep
  if (!is_terminal(of.status) && now() - children_at_ < children_pause) return {};
  children_at_ = now();
  auto page =
      patiently([&] { return hub_.list({.parent_id = parent.text(), .limit = page_size}); });
  if (!page) return was_interrupted(page.error()) ? Result<>() : tl::unexpected(page.error());
  std::ranges::reverse(page->operations);
  for (const auto& child : page->operations) {
    if (child.state.parent_id == parent) screen_.look_at(child);
  }
  return {};
}

Result<WatchEnd> Watch::left(const std::string& what, const std::string& command) {
  screen_.finish();
  screen_.say(what + " without you");
  screen_.say("  watch it with: adaos-hub operations " + command);
  return WatchEnd{WatchEnd::How::left, interruptions_.exit_code(), {}};
}

Result<WatchEnd> Watch::one(const OperationId& id) {
  auto found = patiently([&] { return hub_.find(id); });
  if (!found) return tl::unexpected(std::move(found).error());
  Seen seen = *std::move(found);
  const auto leave = [&] {
    ShortIds ids;
    ids.add(id);
    return left(title_of(seen.state) + " goes on", "watch " + ids.of(id));
  };
  for (;;) {
    // Children first: their ends belong above the end of what they are part of.
    HUB_CHECK(look_at_children(seen.state));
    look_at(seen);
    if (is_terminal(seen.state.status)) break;
    HUB_TRY(newer, next(seen));
    if (newer) {
      seen = *std::move(newer);
      continue;
    }
    if (interruptions_.decision() == Decision::leave) return leave();
    auto asked = cancel(seen);
    if (!asked) {
      if (was_interrupted(asked.error())) return leave();
      return tl::unexpected(std::move(asked).error());
    }
    seen = *std::move(asked);
  }
  interruptions_.ended();
  screen_.finish();
  const auto status = seen.state.status;
  const int code = status == OperationStatus::succeeded ? exit_done
                   : status == OperationStatus::failed  ? exit_operation_failed
                                                        : exit_operation_cancelled;
  return WatchEnd{WatchEnd::How::ended, code, std::move(seen)};
}

// What all() knows: which ones it has seen going on.
struct Watch::All {
  EventFeed feed;
  std::set<OperationId> active;
};

// One round: the active ones, then those that are not active any more or have come and gone.
Result<> Watch::look_at(All& all) {
  all.feed.keep_open();
  auto changed = all.feed.take();
  std::set<OperationId> going;
  std::vector<Seen> found;
  for (std::string after; found.empty() || !after.empty();) {
    HUB_TRY(page, patiently([&] {
              return hub_.list({.status = "active", .after = after, .limit = page_size});
            }));
    found.insert(found.end(), page.operations.begin(), page.operations.end());
    after = page.next;
    if (page.operations.empty()) break;
  }
  std::ranges::reverse(found);
  for (const auto& seen : found) {
    going.insert(seen.state.operation_id);
    look_at(seen);
  }
  changed.insert(all.active.begin(), all.active.end());
  for (const auto& id : changed) {
    if (going.contains(id)) continue;
    auto seen = patiently([&] { return hub_.find(id); });
    if (!seen) {
      if (seen.error().reason == "operation_not_found") continue;
      return tl::unexpected(std::move(seen).error());
    }
    look_at(*seen);
    if (!is_terminal(seen->state.status)) going.insert(id);  // back in line since we listed
  }
  all.active = std::move(going);
  return {};
}

Result<WatchEnd> Watch::all() {
  All all{EventFeed(hub_.session()), {}};
  Result<> looked = look_at(all);
  const bool idle = looked && all.active.empty();
  while (looked && !all.active.empty()) {
    const milliseconds of_many(all.active.size());  // a long list is not asked for all the time
    looked = rest(std::max(screen_.is_live() ? frame : list_pause, of_many));
    if (looked) looked = look_at(all);
  }
  if (!looked && was_interrupted(looked.error())) {
    const auto count = all.active.size();
    return left(count == 1 ? "1 operation goes on" : std::to_string(count) + " operations go on",
                "watch");
  }
  if (!looked) return tl::unexpected(looked.error());
  screen_.finish();
  if (idle) screen_.say("nothing is active");
  const int code = any_failed_      ? exit_operation_failed
                   : any_cancelled_ ? exit_operation_cancelled
                                    : exit_done;
  return WatchEnd{WatchEnd::How::ended, code, {}};
}

}  // namespace hub::cli
