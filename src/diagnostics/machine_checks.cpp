#include <charconv>

#include "base/process.hpp"
#include "diagnostics/checks.hpp"
#include "sandbox/protections.hpp"

namespace hub::diagnostics {
namespace {

constexpr int python_least = 11;  // 3.11

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Result<std::string> asked(const Subject& subject, std::vector<std::string> arguments) {
  ProcessRequest request;
  request.arguments = std::move(arguments);
  request.timeout = std::chrono::seconds(20);
  request.stop = subject.stop;
  HUB_TRY(done, run_process(request));
  if (done.exit_code == 0) return first_line(done.output.empty() ? done.errors : done.output);
  return fail(ErrorCode::unavailable, first_line(done.errors));
}

// "Python 3.11.2" -> 11; nothing for another one.
std::optional<int> minor_of(const std::string& version) {
  constexpr std::string_view begins = "Python 3.";
  if (!version.starts_with(begins)) return std::nullopt;
  int minor = 0;
  const auto* from = version.data() + begins.size();
  const auto [end, ec] = std::from_chars(from, version.data() + version.size(), minor);
  return ec == std::errc{} ? std::optional(minor) : std::nullopt;
}

Finding look_at_python(const Subject& subject) {
  const auto version = asked(subject, {"python3", "--version"});
  if (!version) {
    return problem("programs", "there is no python3: no skill can be prepared or run",
                   "install the packages python3, python3-pip and python3-venv");
  }
  const auto minor = minor_of(*version);
  if (!minor || *minor < python_least) {
    return warning("programs", *version + " is older than 3.11, which skills may count on",
                   "install Python 3.11 or newer as python3", {{"python", *version}});
  }
  const auto pip = asked(subject, {"python3", "-m", "pip", "--version"});
  if (!pip) {
    return problem("programs", "python3 has no pip: skills with dependencies cannot be installed",
                   "install the package python3-pip", {{"python", *version}});
  }
  return fine("programs", *version + " with pip is there", {{"python", *version}, {"pip", *pip}});
}

Finding look_at_git(const Subject& subject) {
  const auto version = asked(subject, {"git", "--version"});
  if (version) return fine("programs", *version + " is there", {{"git", *version}});
  return problem("programs", "there is no git: registries elsewhere cannot be asked",
                 "install the package git");
}

}  // namespace

std::vector<Finding> look_at_programs(const Subject& subject) {
  return {look_at_python(subject), look_at_git(subject)};
}

std::vector<Finding> look_at_confinement(const Subject&) {
  boost::json::object details;
  std::vector<Finding> found;
  for (const auto& one : sandbox::protections()) {
    details[one.name] = one.holds;
    if (one.holds) continue;
    found.push_back(warning("confinement",
                            "a skill's code is not held here as it could be: " + one.name,
                            one.sentence, {{"name", one.name}}));
  }
  if (found.empty()) {
    found.push_back(fine("confinement", "a skill's code is confined in every way", details));
  }
  return found;
}

}  // namespace hub::diagnostics
