#include "cli/report.hpp"

#include <algorithm>
#include <array>
#include <iostream>

#include <unistd.h>

#include "cli/terminal.hpp"
#include "cli/words.hpp"

namespace hub::cli {
namespace {

// One thing to say on standard error; in a terminal it is wrapped at words.
void say(const std::string& text) {
  if (::isatty(STDERR_FILENO) != 1) {
    std::cerr << text << '\n';
    return;
  }
  const std::string indent(text.find_first_not_of(' '), ' ');
  const int columns = screen_size().columns - static_cast<int>(indent.size()) - 2;
  std::string before = indent;
  for (const auto& line : wrapped(text.substr(indent.size()), columns)) {
    std::cerr << before << line << '\n';
    before = indent + "  ";
  }
}

// Who holds what we need, as the hub names them: ids, or states.
void print_blockers(const Error& error) {
  const auto* blockers = error.details.if_contains("blocked_by");
  if (!blockers || !blockers->is_array()) return;
  for (const auto& blocker : blockers->get_array()) {
    const auto* id =
        blocker.is_object() ? blocker.get_object().if_contains("operation_id") : &blocker;
    if (!id || !id->is_string()) continue;
    say("  held by: " + printable(id->get_string()));
  }
}

// Lists that a hint may speak of: what is known, what looks like it.
void print_lists(const Error& error) {
  for (const auto& [key, value] : error.details) {
    if (key == "blocked_by" || !value.is_array() || value.get_array().empty()) continue;
    std::string text;
    for (const auto& item : value.get_array()) {
      text += (text.empty() ? "" : ", ") + text_of_value(item);
    }
    if (error.hint.find(text) != std::string::npos) continue;
    say("  " + printable(key) + ": " + text);
  }
}

void print_successor(const Error& error) {
  const auto id = successor_of(error);
  if (!id) return;
  ShortIds ids;
  ids.add(*id);
  say("  that one: adaos-hub operations show " + ids.of(*id));
}

}  // namespace

std::optional<OperationId> successor_of(const Error& error) {
  for (const char* member : {"successor", "undone_by"}) {
    const auto* id = error.details.if_contains(member);
    if (id && id->is_string()) return OperationId(std::string(id->get_string()));
  }
  return std::nullopt;
}

int exit_code_of(const Error& error) {
  static constexpr std::array unreachable{"hub_unreachable", "wrong_token", "too_many_wrong_tokens",
                                          "token_missing",   "not_a_hub",   "other_version",
                                          "host_not_allowed"};
  return std::ranges::count(unreachable, error.reason) > 0 ? exit_unreachable : exit_failed;
}

int report(const Error& error, Output output) {
  if (output == Output::json) {
    std::cout << boost::json::serialize(boost::json::object{{"ok", false},
                                                            {"code", error.reason},
                                                            {"message", error.message},
                                                            {"hint", error.hint},
                                                            {"details", error.details}})
              << '\n';
    return exit_code_of(error);
  }
  say("adaos-hub: " + printable(error.message));
  print_blockers(error);
  print_successor(error);
  print_lists(error);
  if (!error.hint.empty()) say("  what to do: " + printable(error.hint));
  if (!error.reason.empty()) say("  code: " + printable(error.reason));
  if (const auto* said = error.details.if_contains("remote"); said && said->is_string()) {
    std::cerr << "  the server said: " << printable_lines(said->get_string()) << '\n';
  }
  return exit_code_of(error);
}

}  // namespace hub::cli
