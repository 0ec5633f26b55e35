#pragma once
// What things are called in front of a person: ages, sizes, what an operation does, why it waits.
// Pure functions. Texts of the hub pass through printable() here: they may come from a stranger's
// manifest.

#include <set>
#include <span>

#include "base/text.hpp"
#include "cli/text.hpp"
#include "contracts/operation_state.hpp"

namespace hub::cli {

std::string age_text(std::chrono::milliseconds);       // "4 s", "12 min", "3 h", "5 d"
std::string duration_text(std::chrono::milliseconds);  // "0.4 s", "12 s", "2 min 5 s", "3 h 4 min"
std::string time_text(Time);                           // "2026-01-02 03:04:05Z"

// "20 KiB of 40 KiB", "3 of 10 files", "12 files"; empty when nothing is known.
std::string amount_text(const ProgressDetail&);
std::string rate_text(const ProgressDetail&);  // "10 KiB/s", "3 files/s"; empty when unknown
std::string left_text(const ProgressDetail&);  // "2 s left"; empty when unknown

Paint paint_of(OperationStatus);
Paint paint_of(StepStatus);

// Ids as short as they may be and still be told apart: the first characters of the random end of
// the UUIDv7, at least six. What the commands take as ID.
class ShortIds {
 public:
  ShortIds() = default;
  explicit ShortIds(std::span<const OperationState>);
  void add(const OperationId&);
  std::string of(const OperationId&) const;

 private:
  std::set<std::string> ends_;
};

// The random end of an operation's id: its last group, 12 hexadecimal digits.
std::string random_end_of(const OperationId&);

// "install skill Weather (weather_skill)", "refresh registry": the kind's two words turned round,
// then the target.
std::string title_of(const OperationState&);

// A string as it is, anything else as JSON; printable, on one line.
std::string text_of_value(const Json&);
// Of an answer of the hub: empty and 0 when there is none.
std::string printable_in(const boost::json::object&, std::string_view key);
std::int64_t number_in(const boost::json::object&, std::string_view key);

// Why it is not running, for a person: "waits for 3c2b1a", "next in line". Empty when it is not
// waiting.
std::string waiting_text(const OperationState&, const ShortIds&);

// What a cancel would do now: "takes back what was done".
std::string text_of(CancelEffect);
// What is left on the system, after the end: "nothing was left behind".
std::string text_of(Effects);

}  // namespace hub::cli
