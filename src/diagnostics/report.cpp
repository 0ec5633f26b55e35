#include "diagnostics/report.hpp"

namespace hub::diagnostics {
namespace {

std::string counted(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

void Report::add(Finding finding) {
  switch (finding.level) {
    case Level::ok: ++ok; break;
    case Level::warning: ++warnings; break;
    case Level::problem: ++problems; break;
  }
  findings.push_back(std::move(finding));
}

Finding fine(const std::string& check, const std::string& message, boost::json::object details) {
  return {check, Level::ok, message, std::nullopt, std::move(details)};
}

Finding warning(const std::string& check, const std::string& message, const std::string& mend,
                boost::json::object details) {
  return {check, Level::warning, message, mend, std::move(details)};
}

Finding problem(const std::string& check, const std::string& message, const std::string& mend,
                boost::json::object details) {
  return {check, Level::problem, message, mend, std::move(details)};
}

std::string summary_of(const Report& report) {
  if (report.problems + report.warnings == 0) return "everything is fine";
  std::string text;
  if (report.problems > 0) text = counted(report.problems, "problem");
  if (report.warnings > 0) {
    text += (text.empty() ? "" : ", ") + counted(report.warnings, "warning");
  }
  return text + ", " + std::to_string(report.ok) + " fine";
}

}  // namespace hub::diagnostics
