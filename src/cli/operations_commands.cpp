#include "cli/operations_commands.hpp"

#include <algorithm>
#include <iostream>

#include "base/hash.hpp"
#include "cli/operation_ids.hpp"
#include "cli/plan_view.hpp"
#include "cli/question.hpp"
#include "cli/report.hpp"
#include "cli/watch.hpp"

namespace hub::cli {
namespace {

constexpr std::size_t key_bytes = 16;
constexpr int children_max = 1'000;
constexpr std::chrono::milliseconds log_pause{300};
constexpr std::chrono::milliseconds last_words_pause{500};

void print_json(const Json& value) { write_out(boost::json::serialize(value) + "\n"); }

// As wide as the screen; in a pipe as wide as it comes.
View view_now(const Console& console, const Clock& clock) {
  View view;
  view.now = clock.now();
  view.glyphs = console.glyphs;
  if (console.redraws) view.columns = screen_size().columns;
  return view;
}

// The hub that the options mean, and that it is one. A hub of another version is asked all the
// same: most of what it answers is understood.
Result<std::unique_ptr<HubClient>> greeted(const HubOptions& options) {
  HUB_TRY(hub, HubClient::open(options));
  const std::string url = hub->place().url;
  if (url.starts_with("http://") && !is_loopback(url)) {
    std::cerr << "warning: the token travels to " << url
              << " where others can read it: use an https address\n";
  }
  HUB_TRY(other, hub->greet());
  if (other) {
    std::cerr << "warning: the hub is version " << printable(*other) << ", this command is "
              << options.own_version
              << ": if something is missing, use the adaos-hub that belongs to the hub\n";
  }
  return hub;
}

Shown shown_for(Output output) {
  switch (output) {
    case Output::text: return Shown::for_people;
    case Output::json: return Shown::nothing;
  }
  return Shown::nothing;
}

std::string short_id(const OperationId& id) {
  ShortIds ids;
  ids.add(id);
  return ids.of(id);
}

// An operation that somebody else carries on: what it is, and how to look at it.
int print_accepted(const Seen& seen, Output output) {
  if (output == Output::json) {
    print_json(seen.raw);
    return exit_done;
  }
  const auto id = short_id(seen.state.operation_id);
  const std::string status(to_json(seen.state.status).as_string().c_str());
  std::cout << status << ": " << title_of(seen.state) << "  " << seen.state.operation_id.text()
            << '\n'
            << "  watch it with: adaos-hub operations watch " << id << '\n';
  return exit_done;
}

int ended(const WatchEnd& end, Output output) {
  if (output == Output::json && end.last) print_json(end.last->raw);
  return end.exit_code;
}

// Of "cancel": being cancelled is what was asked for.
int cancel_code(const WatchEnd& end) {
  if (!end.last) return end.exit_code;
  const auto status = end.last->state.status;
  if (status == OperationStatus::cancelled) return exit_done;
  if (status == OperationStatus::succeeded) {
    std::cerr << "adaos-hub: it was too late to cancel: the operation has succeeded\n";
    return exit_failed;
  }
  return end.exit_code;
}

Result<Seen> asked_to(HubClient& hub, Watch& watch, const SteerOperation& wanted,
                      const OperationId& id) {
  switch (wanted.verb) {
    case SteerVerb::cancel: return watch.patiently([&] { return hub.cancel(id); });
    case SteerVerb::retry: return watch.patiently([&] { return hub.retry(id); });
    case SteerVerb::undo: return watch.patiently([&] { return hub.undo(id); });
    case SteerVerb::confirm: {
      HUB_TRY(waiting, watch.patiently([&] { return hub.find(id); }));
      HUB_CHECK(check_answer(waiting.state, wanted.answer));
      boost::json::error_code ec;
      const Json parsed = boost::json::parse(wanted.answer, ec);
      const Json answer = ec ? Json(boost::json::string(wanted.answer)) : parsed;
      return watch.patiently([&] { return hub.confirm(id, answer); });
    }
  }
  return fail(ErrorCode::invalid, "no such verb");
}

// What was asked twice, because the first answer was lost, is refused the second time: it has
// happened.
Result<Seen> happened(HubClient& hub, Watch& watch, const OperationId& id, const Error& refusal) {
  if (!watch.has_waited()) return tl::unexpected(refusal);
  const auto find = [&](const OperationId& which) {
    return watch.patiently([&] { return hub.find(which); });
  };
  if (refusal.reason == "operation_not_waiting") return find(id);
  const auto successor = successor_of(refusal);
  return successor ? find(*successor) : Result<Seen>(tl::unexpected(refusal));
}

Result<int> list_operations(const ListOperations& wanted, const Clock& clock) {
  HUB_TRY(hub, greeted(wanted.hub));
  HUB_TRY(page, hub->list({.status = wanted.status,
                           .kind = wanted.kind,
                           .target_kind = wanted.target_kind,
                           .target_id = wanted.target_id,
                           .limit = wanted.limit}));
  if (wanted.hub.output == Output::json) {
    boost::json::array raw;
    for (auto& seen : page.operations) raw.push_back(std::move(seen.raw));
    print_json(raw);
    return exit_done;
  }
  std::vector<OperationState> states;
  for (auto& seen : page.operations) states.push_back(std::move(seen.state));
  const auto console = find_console();
  write_out(text_of(operation_table(states, view_now(console, clock)), console.colours));
  if (!page.next.empty()) {
    std::cerr << "there may be older ones: --limit N shows more\n";
  }
  return exit_done;
}

Result<int> show_operation(const ShowOperation& wanted, const Clock& clock) {
  HUB_TRY(hub, greeted(wanted.hub));
  HUB_TRY(id, resolve_id(*hub, wanted.id));
  HUB_TRY(seen, hub->find(id));
  if (wanted.hub.output == Output::json) {
    print_json(seen.raw);
    return exit_done;
  }
  Family family;
  HUB_TRY(page, hub->list({.parent_id = id.text(), .limit = children_max}));
  for (auto& child : page.operations) {
    if (child.state.parent_id == id) family.children.push_back(std::move(child.state));
  }
  std::ranges::reverse(family.children);
  const auto console = find_console();
  write_out(
      text_of(operation_details(seen.state, family, view_now(console, clock)), console.colours));
  return exit_done;
}

Result<int> watch_operations(const WatchOperations& wanted, const Clock& clock) {
  HUB_TRY(hub, greeted(wanted.hub));
  const auto shown = wanted.hub.output == Output::json ? Shown::each_as_json : Shown::for_people;
  if (wanted.id.empty()) {
    Watch watch(*hub, wanted.watch, shown, WatchScreen::Scope::several, clock);
    HUB_TRY(end, watch.all());
    return end.exit_code;
  }
  HUB_TRY(id, resolve_id(*hub, wanted.id));
  Watch watch(*hub, wanted.watch, shown, WatchScreen::Scope::one, clock);
  HUB_TRY(end, watch.one(id));
  return end.exit_code;
}

Result<int> steer_operation(const SteerOperation& wanted, const Clock& clock) {
  HUB_TRY(hub, greeted(wanted.hub));
  HUB_TRY(id, resolve_id(*hub, wanted.id));
  Watch watch(*hub, wanted.watch, shown_for(wanted.hub.output), WatchScreen::Scope::one, clock);
  auto asked = asked_to(*hub, watch, wanted, id);
  if (!asked) asked = happened(*hub, watch, id, asked.error());
  if (!asked) return tl::unexpected(std::move(asked).error());
  if (wanted.watch.wait == Wait::no) return print_accepted(*asked, wanted.hub.output);
  HUB_TRY(end, watch.one(asked->state.operation_id));
  const int code = ended(end, wanted.hub.output);
  return wanted.verb == SteerVerb::cancel ? cancel_code(end) : code;
}

// Asked again and again: what an answer says goes on where the one before ended.
Result<int> log_operation(const LogOperation& wanted, const Clock& clock) {
  HUB_TRY(hub, greeted(wanted.hub));
  HUB_TRY(id, resolve_id(*hub, wanted.id));
  Watch watch(*hub, {Wait::yes, wanted.reconnect_s}, Shown::nothing, WatchScreen::Scope::one,
              clock);
  std::int64_t offset = 0;
  for (bool ended = false;;) {
    HUB_TRY(part, watch.patiently([&] { return hub->log(id, offset); }));
    if (wanted.hub.output == Output::json && !part.text.empty()) {
      print_json(boost::json::object{
          {"operation_id", id.text()}, {"text", part.text}, {"next_offset", part.next_offset}});
    } else {
      write_out(printable_lines(part.text));
    }
    offset = part.next_offset;
    if (!part.text.empty()) continue;
    if (ended || wanted.follow == LogOperation::Follow::no) break;
    HUB_TRY(seen, watch.patiently([&] { return hub->find(id); }));
    ended = is_terminal(seen.state.status);
    // Its last words are written right after its end.
    HUB_CHECK(watch.rest(ended ? last_words_pause : log_pause));
  }
  if (offset == 0) std::cerr << "it has logged nothing\n";
  return exit_done;
}

Result<int> start_operation(const StartOperation& wanted, const Clock& clock) {
  HUB_TRY(hub, greeted(wanted.hub));
  if (wanted.mode == StartOperation::Mode::plan) {
    HUB_TRY(plan, hub->preview(wanted.request));
    if (wanted.hub.output == Output::json) {
      print_json(plan);
      return exit_done;
    }
    const auto console = find_console();
    const auto view = view_now(console, clock);
    write_out(text_of(plan_lines(wanted.request, plan, view), console.colours));
    return exit_done;
  }
  auto request = wanted.request;
  if (wanted.deadline_s > 0) {
    request.deadline_at = clock.now() + std::chrono::seconds(wanted.deadline_s);
  }
  Watch watch(*hub, wanted.watch, shown_for(wanted.hub.output), WatchScreen::Scope::one, clock);
  const auto key = "cli-" + random_hex(key_bytes);
  HUB_TRY(started, watch.patiently([&] { return hub->start(request, key); }));
  if (started.how == How::joined) {
    std::cerr << "the same operation is under way already; this is that one\n";
  }
  if (wanted.watch.wait == Wait::no) return print_accepted(started.seen, wanted.hub.output);
  HUB_TRY(end, watch.one(started.seen.state.operation_id));
  return ended(end, wanted.hub.output);
}

}  // namespace

int finished(const Result<int>& result, Output output) {
  if (result) return *result;
  if (result.error().reason == "interrupted") {
    std::cerr << "left before the hub has answered; what it does is told by: adaos-hub operations "
                 "list --active\n";
    return exit_left;
  }
  return report(result.error(), output);
}

int run(const ListOperations& wanted, const Clock& clock) {
  return finished(list_operations(wanted, clock), wanted.hub.output);
}
int run(const ShowOperation& wanted, const Clock& clock) {
  return finished(show_operation(wanted, clock), wanted.hub.output);
}
int run(const WatchOperations& wanted, const Clock& clock) {
  return finished(watch_operations(wanted, clock), wanted.hub.output);
}
int run(const SteerOperation& wanted, const Clock& clock) {
  return finished(steer_operation(wanted, clock), wanted.hub.output);
}
int run(const LogOperation& wanted, const Clock& clock) {
  return finished(log_operation(wanted, clock), wanted.hub.output);
}
int run(const StartOperation& wanted, const Clock& clock) {
  return finished(start_operation(wanted, clock), wanted.hub.output);
}

}  // namespace hub::cli
