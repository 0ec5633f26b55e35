#pragma once
// What was looked at, what was found, and how to mend it. On the wire: the result of
// diagnostics.run, and `adaos-hub doctor --json`.

#include "base/json.hpp"

namespace hub::diagnostics {

enum class Level { ok, warning, problem };
BOOST_DESCRIBE_ENUM(Level, ok, warning, problem)

struct Finding {
  std::string check;  // stable: "store", "disk", "registry", "artifacts", …
  Level level = Level::ok;
  std::string message;               // one sentence
  std::optional<std::string> mend;   // what to do; unless ok
  boost::json::object details = {};  // figures and names in the message
};
BOOST_DESCRIBE_STRUCT(Finding, (), (check, level, message, mend, details))

// With a hub, everything; without one, only what can be read and leaves no trace.
enum class Scope { running, stopped };
BOOST_DESCRIBE_ENUM(Scope, running, stopped)

struct Report {
  Scope scope = Scope::running;
  Time at{};
  std::int64_t problems = 0, warnings = 0, ok = 0;
  std::vector<Finding> findings;

  void add(Finding);
};
BOOST_DESCRIBE_STRUCT(Report, (), (scope, at, problems, warnings, ok, findings))

Finding fine(const std::string& check, const std::string& message,
             boost::json::object details = {});
Finding warning(const std::string& check, const std::string& message, const std::string& mend,
                boost::json::object details = {});
Finding problem(const std::string& check, const std::string& message, const std::string& mend,
                boost::json::object details = {});

// "1 problem, 2 warnings, 9 checks are fine"
std::string summary_of(const Report&);

}  // namespace hub::diagnostics
