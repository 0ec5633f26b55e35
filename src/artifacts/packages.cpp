#include "artifacts/packages.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "artifacts/python.hpp"
#include "artifacts/skill_process.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX says to declare it

namespace hub::artifacts {
namespace {

constexpr std::size_t output_bytes_max = 8U << 20U;
constexpr std::uint64_t memory_bytes_max = 2ULL << 30U;  // compilers want it
constexpr std::uint64_t processes_max = 256;
constexpr std::uint64_t open_files_max = 1024;

// What an operator has told pip and whoever goes out to the network.
bool is_for_pip(std::string_view name) {
  constexpr std::array exact{
      "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO",
      "http_proxy",    "https_proxy",  "no_proxy",           "HTTP_PROXY",     "HTTPS_PROXY",
      "NO_PROXY",      "all_proxy",    "ALL_PROXY"};
  return name.starts_with("PIP_") || std::ranges::find(exact, name) != exact.end();
}

struct Environment {
  std::vector<std::string> variables;
  std::vector<fs::path> readable;  // the files and folders that they name
};

Environment pip_environment() {
  Environment found;
  for (char** at = environ; *at; ++at) {
    const std::string_view entry = *at;
    const auto equals = entry.find('=');
    const auto name = entry.substr(0, equals);
    if (equals == std::string_view::npos || !is_for_pip(name)) continue;
    if (name == "PIP_CACHE_DIR" || name == "PIP_TARGET" || name == "PIP_USER") continue;
    found.variables.emplace_back(entry);
    const auto value = entry.substr(equals + 1);
    if (value.starts_with('/') && value.size() > 1) found.readable.emplace_back(value);
  }
  found.variables.emplace_back("PIP_ROOT_USER_ACTION=ignore");
  // Where pip would look for it if it had its user's home.
  if (const char* home = std::getenv("HOME"); home && !std::getenv("PIP_CONFIG_FILE")) {
    for (const char* place : {".config/pip/pip.conf", ".pip/pip.conf"}) {
      std::error_code ec;
      const auto file = fs::path(home) / place;
      if (!fs::is_regular_file(file, ec)) continue;
      found.variables.push_back("PIP_CONFIG_FILE=" + file.string());
      found.readable.push_back(file);
      break;
    }
  }
  return found;
}

// "  Downloading numpy-2.1.0-…whl (16.3 MB)" -> 16300000
std::optional<std::int64_t> announced_bytes(std::string_view line) {
  if (line.find("Downloading ") == std::string_view::npos || !line.ends_with(')')) {
    return std::nullopt;
  }
  const auto open = line.rfind('(');
  if (open == std::string_view::npos) return std::nullopt;
  const auto text = line.substr(open + 1, line.size() - open - 2);
  double amount = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (ec != std::errc{}) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr std::array units{std::pair{" bytes", 1.0}, std::pair{" kB", 1e3}, std::pair{" MB", 1e6},
                             std::pair{" GB", 1e9}};
  for (const auto& [name, factor] : units) {
    if (unit == name) return static_cast<std::int64_t>(amount * factor);
  }
  return std::nullopt;
}

// A requirement that is no name of an index's: a folder, a file, an address.
bool may_need_building(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(arguments, [](const std::string& argument) {
    return argument.find("://") != std::string::npos || argument.starts_with('.') ||
           argument.starts_with('/') || argument.starts_with("-e") ||
           argument.starts_with("--editable") || argument.starts_with("--no-binary");
  });
}

bool stays_offline(const std::vector<std::string>& arguments) {
  return std::ranges::find(arguments, "--no-index") != arguments.end() &&
         std::ranges::none_of(arguments, [](const std::string& argument) {
           return argument.find("://") != std::string::npos;
         });
}

class Pip {
 public:
  Pip(const PackagesRequest& request, Python python)
      : request_(request), python_(std::move(python)), environment_(pip_environment()) {}

  // Only what is built already: no code of any package runs, so what is kept can be trusted.
  Result<ProcessOutcome> take_built() {
    HUB_CHECK(make_directories(request_.downloads, 0700));
    return run(sandbox::Programs::only_itself, request_.downloads,
               {"--only-binary=:all:", "--cache-dir", request_.downloads.string()});
  }
  Result<ProcessOutcome> build() {
    return run(sandbox::Programs::any, {}, {"--cache-dir", (scratch() / "cache").string()});
  }

 private:
  // In the target, so that pip's renames from one to the other stay renames.
  fs::path scratch() const { return request_.target / ".scratch"; }

  Result<ProcessOutcome> run(sandbox::Programs programs, const fs::path& downloads,
                             const std::vector<std::string>& options) {
    HUB_CHECK(remove_tree(request_.target));
    HUB_CHECK(make_directories(scratch()));
    sandbox::ConfinedProcess pip;
    pip.arguments = {python_.program.string(),
                     "-I",
                     "-m",
                     "pip",
                     "install",
                     "--no-input",
                     "--no-color",
                     "--progress-bar=off",
                     "--disable-pip-version-check"};
    pip.arguments.insert(pip.arguments.end(), options.begin(), options.end());
    pip.arguments.insert(pip.arguments.end(), {"--target", request_.target.string()});
    pip.arguments.insert(pip.arguments.end(), request_.arguments.begin(), request_.arguments.end());
    pip.directory = request_.source;
    pip.environment = environment_.variables;
    pip.readable = python_.readable;
    pip.readable.push_back(request_.source);
    pip.readable.insert(pip.readable.end(), environment_.readable.begin(),
                        environment_.readable.end());
    pip.writable = {request_.target};
    if (!downloads.empty()) pip.writable.push_back(downloads);
    pip.scratch = scratch();
    pip.programs = programs;
    pip.network =
        stays_offline(request_.arguments) ? sandbox::Network::none : sandbox::Network::host;
    pip.limits = limits();
    pip.stop = request_.stop;
    pip.on_line = [this](std::string_view line) { tell(line); };
    auto ran = sandbox::run_confined(pip);
    HUB_CHECK(remove_tree(scratch()));
    return ran;
  }

  sandbox::Limits limits() const {
    sandbox::Limits limits;
    limits.time = request_.limits.time;
    limits.cpu = std::chrono::duration_cast<std::chrono::seconds>(request_.limits.time);
    limits.memory_bytes = memory_bytes_max;
    limits.file_bytes = request_.limits.file_bytes;
    limits.disk_bytes = request_.limits.disk_bytes;
    limits.processes = processes_max;
    limits.open_files = open_files_max;
    limits.output_bytes = output_bytes_max;
    return limits;
  }

  void tell(std::string_view line) {
    // pip fetches one after the other: what it named before has arrived.
    if (const auto bytes = announced_bytes(line)) {
      done_ = total_;
      total_ += *bytes;
    } else if (line.starts_with("Installing collected packages")) {
      done_ = total_;
    }
    if (total_ > 0 && request_.on_bytes) request_.on_bytes(done_, total_);
    if (request_.on_line) request_.on_line(std::string(line));
  }

  const PackagesRequest& request_;
  const Python python_;
  const Environment environment_;
  std::int64_t done_ = 0, total_ = 0;
};

tl::unexpected<Error> stopped_by(const Error& error) {
  const bool of_ours = error.reason == "timeout" || error.code == ErrorCode::exhausted;
  if (!of_ours) return tl::unexpected(error);
  auto details = error.details;
  const auto limit = error.reason;
  details["limit"] = limit;
  return fail(ErrorCode::exhausted,
              "cannot install the skill's dependencies: pip was stopped: " +
                  error.message.substr(error.message.find(": ") + 2),
              "dependencies_exceeded",
              "ask its publisher to depend on less; a skill of large libraries says "
              "runtime.env.allow_heavy_dependencies: true in its manifest",
              std::move(details));
}

Result<> judge(const ProcessOutcome& ran, const PackagesLimits& limits) {
  if (ran.exit_code == 0) return {};
  const std::string said = last_lines(ran.errors.empty() ? ran.output : ran.errors);
  if (ran.errors.find("[Errno 27]") != std::string::npos) {  // EFBIG
    return fail(ErrorCode::exhausted,
                "cannot install the skill's dependencies: one of their files has more than " +
                    std::to_string(limits.file_bytes) + " bytes",
                "dependencies_exceeded", "ask its publisher to depend on something smaller",
                {{"limit", "file_bytes"}, {"bytes_max", limits.file_bytes}, {"output", said}});
  }
  return fail(ErrorCode::unavailable,
              "cannot install the skill's dependencies: pip ended with exit code " +
                  std::to_string(ran.exit_code),
              "dependencies_failed",
              "see details.output for what pip said; a package index that does not answer and a "
              "package that does not exist look much the same",
              {{"exit_code", ran.exit_code}, {"output", said}});
}

}  // namespace

Result<> install_packages(const PackagesRequest& request) {
  HUB_TRY(python, find_python());
  Pip pip(request, std::move(python));
  if (!request.downloads.empty() && !may_need_building(request.arguments)) {
    const auto ran = pip.take_built();
    auto judged = ran ? judge(*ran, request.limits) : Result<>();
    if (ran && judged) return sync_tree(request.target);
    if (ran && judged.error().code == ErrorCode::exhausted) return judged;
    if (!ran && ran.error().reason != "confinement_failed") return stopped_by(ran.error());
    if (request.on_line) request.on_line("not all of it is built already: building what is not");
  }
  const auto ran = pip.build();
  if (!ran) return stopped_by(ran.error());
  HUB_CHECK(judge(*ran, request.limits));
  return sync_tree(request.target);
}

}  // namespace hub::artifacts
