#include "git/git_program.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace hub::git {
namespace {

constexpr std::size_t words_bytes_max = 2000;

struct Signal {
  std::string_view words;
  std::string_view reason;
};

// Signals that the other side knows us and says no. Looked for before all others.
constexpr std::array denials{
    Signal{"Authentication failed", "remote_denied"},
    Signal{"could not read Username", "remote_denied"},
    Signal{"could not read Password", "remote_denied"},
    Signal{"Permission denied", "remote_denied"},
    Signal{"Host key verification failed", "remote_denied"},
    Signal{"returned error: 401", "remote_denied"},
    Signal{"returned error: 403", "remote_denied"},
    Signal{"service not enabled", "remote_denied"},
    Signal{"access denied", "remote_denied"},
    Signal{"returned error: 413", "remote_too_large"},
    Signal{"GH001", "remote_too_large"},
    Signal{"GH006", "remote_protected"},
    Signal{"GH013", "remote_protected"},
    Signal{"protected branch", "remote_protected"},
    Signal{"hook declined", "remote_hook_declined"},
    Signal{"quota", "remote_quota"},
};

// Named by git or by its server when main is not, or is no longer, what we built on.
constexpr std::array<std::string_view, 8> race_signals{
    "(non-fast-forward)", "(fetch first)",       "failed to update ref",     "cannot lock ref",
    "failed to lock",     "incorrect old value", "reference already exists", "Unable to create"};

// Nothing was sent: the remote was not there.
constexpr std::array<std::string_view, 10> absence_signals{
    "Could not resolve",        "Failed to connect", "Connection refused",
    "unable to connect",        "timed out",         "No route to host",
    "Network is unreachable",   "not found",         "does not appear to be a git repository",
    "No such file or directory"};

// Said when something was on its way already, whatever else is said: its end is not known.
constexpr std::array<std::string_view, 4> cut_signals{"RPC failed", "unexpected disconnect",
                                                      "hung up unexpectedly", "Broken pipe"};

// Said of the repository here when a power cut has spoiled it: objects it counts on are gone.
constexpr std::array<std::string_view, 8> damage_signals{"bad object",
                                                         "did not send all necessary objects",
                                                         "is corrupt",
                                                         "unable to read",
                                                         "not a git repository:",
                                                         "bad config",
                                                         "missing necessary objects",
                                                         "packfile"};

bool says(std::string_view words, std::string_view signal) {
  return words.find(signal) != std::string_view::npos;
}

bool says_any(std::string_view words, std::span<const std::string_view> signals) {
  return std::ranges::any_of(signals, [&](std::string_view one) { return says(words, one); });
}

// Without what the other side wrote of itself.
std::string own_words(std::string_view words) {
  std::string own;
  while (!words.empty()) {
    const auto end = std::min(words.find('\n'), words.size() - 1) + 1;
    if (!words.starts_with("remote: ")) own += words.substr(0, end);
    words.remove_prefix(end);
  }
  return own;
}

std::string_view denial_in(std::string_view words) {
  for (const auto& one : denials) {
    if (says(words, one.words)) return one.reason;
  }
  return {};
}

// What git wrote, without credentials, its lines joined.
std::string clean(const RemoteUrl& url, std::string words) {
  for (auto at = words.find(url.text); at != std::string::npos && url.text != url.display;
       at = words.find(url.text)) {
    words.replace(at, url.text.size(), url.display);
  }
  while (!words.empty() && words.back() == '\n') words.pop_back();
  std::ranges::replace(words, '\n', ' ');
  if (words.size() > words_bytes_max) words.resize(words_bytes_max);
  return words;
}

Error make_error(ErrorCode code, const RemoteUrl& url, const std::string& doing,
                 const std::string& words, std::string_view reason, std::string hint) {
  const std::string said = clean(url, words);
  return Error{code,
               "cannot " + doing + " " + url.display + ": " + said,
               std::string(reason),
               std::move(hint),
               {{"registry", url.display}, {"remote", said}}};
}

std::string hint_for(std::string_view reason) {
  if (reason == "remote_denied") return "check the credentials that git uses for this registry";
  if (reason == "remote_protected") return "ask the owner of the registry to let you push to main";
  if (reason == "remote_hook_declined") return "read what the registry's hook says, and follow it";
  if (reason == "remote_too_large") return "make the artifact smaller";
  if (reason == "remote_quota") return "ask the owner of the registry for space";
  return "check the address of the registry and the network, then try again";
}

Error refusal(const RemoteUrl& url, const std::string& words, std::string_view reason) {
  const ErrorCode code =
      reason == "registry_unreachable" ? ErrorCode::unavailable : ErrorCode::forbidden;
  return make_error(code, url, "push to", words, reason, hint_for(reason));
}

// The line of --porcelain about our reference: "!\t<from>:<to>\t[remote rejected] (why)".
std::string rejection_line(std::string_view output) {
  while (!output.empty()) {
    const auto end = output.find('\n');
    const std::string_view line = output.substr(0, end);
    if (line.starts_with("!\t")) return std::string(line);
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
  }
  return {};
}

}  // namespace

Result<ProcessOutcome> run_git(const fs::path& repository, std::vector<std::string> arguments,
                               const NetworkOptions& options) {
  ProcessRequest request;
  request.arguments = {"env"};
  for (const char* name : {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
                           "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH",
                           "GIT_NAMESPACE", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS"}) {
    request.arguments.insert(request.arguments.end(), {"-u", name});
  }
  request.arguments.insert(
      request.arguments.end(),
      {"git", "--git-dir=" + repository.string(), "-c", "core.hooksPath=/dev/null", "-c",
       "gc.autoDetach=false", "-c", "maintenance.autoDetach=false", "-c", "http.lowSpeedLimit=1",
       "-c", "http.lowSpeedTime=60"});
  request.arguments.insert(request.arguments.end(), std::make_move_iterator(arguments.begin()),
                           std::make_move_iterator(arguments.end()));
  // No program may ask a person: neither git, nor ssh for a passphrase or a host key.
  request.environment = {"LC_ALL=C",
                         "GIT_TERMINAL_PROMPT=0",
                         "GIT_ASKPASS=/bin/false",
                         "SSH_ASKPASS=/bin/false",
                         "SSH_ASKPASS_REQUIRE=force",
                         "GCM_INTERACTIVE=0"};
  request.timeout = options.timeout;
  request.stop = options.stop;
  return run_process(request);
}

Error explain_fetch_failure(const RemoteUrl& url, const std::string& words) {
  const std::string_view denial = denial_in(words);
  if (!denial.empty()) {
    return make_error(ErrorCode::forbidden, url, "read registry", words, denial, hint_for(denial));
  }
  if (says_any(own_words(words), damage_signals)) {
    return make_error(ErrorCode::unavailable, url, "fetch registry", words, "git_failed",
                      "the copy of the registry on this disk is damaged; try again");
  }
  return make_error(ErrorCode::unavailable, url, "reach registry", words, "registry_unreachable",
                    hint_for("registry_unreachable"));
}

PushOutcome explain_push(const RemoteUrl& url, const ProcessOutcome& ran) {
  if (ran.exit_code == 0) return {PushStatus::landed, {}};
  const std::string rejection = rejection_line(ran.output);
  const std::string words = rejection.empty() ? ran.errors : rejection + "\n" + ran.errors;
  if (const auto denial = denial_in(words); !denial.empty()) {
    return {PushStatus::refused, refusal(url, words, denial)};
  }
  if (!rejection.empty()) {
    if (says_any(words, race_signals)) {
      return {PushStatus::lost_race, make_error(ErrorCode::conflict, url, "push to", words,
                                                "lost_race", "another publisher was first")};
    }
    if (!says(rejection, "failed to report status")) {
      return {PushStatus::refused, refusal(url, words, "remote_refused")};
    }
  }
  if (!says_any(words, cut_signals) && says_any(words, absence_signals)) {
    return {PushStatus::refused, refusal(url, words, "registry_unreachable")};
  }
  return {PushStatus::unknown,
          make_error(ErrorCode::unavailable, url, "push to", words, "push_unknown",
                     "the connection broke; what was published is known after the next fetch")};
}

}  // namespace hub::git
