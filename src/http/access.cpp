#include "http/access.hpp"

#include <algorithm>
#include <array>

#include <sys/stat.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace hub::http {

// The shape of sessions.json.
struct StoredSession {
  std::string id_sha256;
  Time expires_at;
};
BOOST_DESCRIBE_STRUCT(StoredSession, (), (id_sha256, expires_at))

struct StoredSessions {
  int version = 1;
  std::string token_sha256;  // of the token that signed them in
  std::vector<StoredSession> sessions;
};
BOOST_DESCRIBE_STRUCT(StoredSessions, (), (version, token_sha256, sessions))

namespace {

constexpr std::size_t token_bytes = 32;           // of randomness, in a token and a session id
constexpr std::size_t token_characters_min = 32;  // what a hand-made token must have at least
constexpr std::size_t token_file_bytes_max = 4096;

bool is_mutating(const Request& request) {
  return request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

struct HostAndPort {
  std::string host;  // lower case; an IPv6 address in brackets
  std::string port;  // empty when none is given
};

HostAndPort split_host(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return {lower_case(text.substr(0, has_port ? colon : text.size())),
          has_port ? std::string(text.substr(colon + 1)) : ""};
}

// Host and port of "http://host:port" in the form that a Host header of that page would have.
std::optional<std::string> host_of_origin(std::string_view origin) {
  for (const auto& [scheme, port] : std::to_array<std::pair<std::string_view, std::string_view>>(
           {{"http://", ":80"}, {"https://", ":443"}})) {
    if (!origin.starts_with(scheme)) continue;
    auto host = lower_case(origin.substr(scheme.size()));
    if (host.ends_with(port)) host.erase(host.size() - port.size());
    return host;
  }
  return std::nullopt;
}

// A Host without the default port of either scheme.
std::string without_default_port(std::string_view host) {
  auto out = lower_case(host);
  for (const std::string_view port : {":80", ":443"}) {
    if (out.ends_with(port)) out.erase(out.size() - port.size());
  }
  return out;
}

// The token of the headers: nothing when there is none, which is not the same as an empty one.
std::optional<std::string_view> token_in_headers(const Request& request) {
  constexpr std::string_view bearer = "bearer ";
  for (const auto& [name, value] : request.headers) {
    if (name == "x-adaos-token") return value;
    if (name != "authorization" || value.size() < bearer.size()) continue;
    if (lower_case(value.substr(0, bearer.size())) == bearer) {
      return std::string_view(value).substr(bearer.size());
    }
  }
  return std::nullopt;
}

Response unauthorized() {
  return problem(401, {.code = ErrorCode::forbidden,
                       .message = "Invalid or missing X-AdaOS-Token",
                       .reason = "unauthorized",
                       .hint = "Open the address with the token that the hub prints at its start, "
                               "or send the token of <base-dir>/state/token.",
                       .details = {}})
      .set_header("WWW-Authenticate", "Bearer realm=\"adaos-hub\"");
}

Response refusal_of(const Error& error) {
  if (error.code != ErrorCode::exhausted) return unauthorized();
  return problem(429, error);
}

}  // namespace

Access::Access(AccessOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Result<std::unique_ptr<Access>> Access::open(AccessOptions options, const Clock& clock) {
  std::unique_ptr<Access> access(new Access(std::move(options), clock));
  HUB_CHECK(make_directories(access->options_.state, 0700));
  HUB_CHECK(access->load_token());
  HUB_CHECK(access->load_sessions());
  return access;
}

Result<> Access::load_token() {
  const auto path = options_.state / "token";
  auto found = read_file(path, token_file_bytes_max);
  if (!found) {
    if (found.error().code != ErrorCode::not_found) {
      return tl::unexpected(std::move(found).error());
    }
    token_ = random_hex(token_bytes);
    return write_file_atomic(path, token_ + "\n", 0600);
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 0077U) != 0) {
    if (::chmod(path.c_str(), 0600) != 0) {
      return fail(ErrorCode::unavailable,
                  "cannot use " + path.string() + ": other users of this machine can read it",
                  "token_readable", "Run chmod 600 on it, as its owner.");
    }
    log::warning(
        "http", "token_file_mended",
        {{"path", path.string()}, {"hint", "others could read it; delete it for a new one"}});
  }
  token_ = std::string(trimmed(*found));
  if (token_.size() < token_characters_min) {
    return fail(ErrorCode::invalid,
                "cannot use " + path.string() + ": the token is shorter than " +
                    std::to_string(token_characters_min) + " characters",
                "token_too_short", "Delete the file; the hub makes a new one at its next start.");
  }
  return {};
}

Result<> Access::load_sessions() {
  const auto path = options_.state / "sessions.json";
  const auto bytes = read_file(path);
  if (!bytes) {
    if (bytes.error().code == ErrorCode::not_found) return {};
    return tl::unexpected(bytes.error());
  }
  boost::json::error_code ec;
  const Json body = boost::json::parse(*bytes, ec);
  const auto stored = ec ? Result<StoredSessions>(fail(ErrorCode::invalid, ec.message()))
                         : from_json<StoredSessions>(body, "sessions");
  if (!stored) {
    // Browsers sign in again; that is no reason not to start.
    log::warning("http", "sessions_dropped",
                 {{"path", path.string()}, {"error", stored.error().message}});
    return {};
  }
  if (stored->token_sha256 != to_hex(sha256(token_))) {
    log::info("http", "sessions_ended", {{"because", "the token is another one"}});
    return {};
  }
  for (const auto& session : stored->sessions) {
    if (session.expires_at > clock_.now()) {
      sessions_.push_back({session.id_sha256, session.expires_at});
    }
  }
  return {};
}

Result<> Access::save_sessions() const {
  StoredSessions stored{.version = 1, .token_sha256 = to_hex(sha256(token_)), .sessions = {}};
  for (const auto& session : sessions_) {
    stored.sessions.push_back({session.id_hash, session.expires_at});
  }
  return write_file_atomic(options_.state / "sessions.json",
                           boost::json::serialize(to_json(stored)) + "\n", 0600);
}

void Access::listening_on(std::string address, std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  listen_address_ = std::move(address);
  listen_port_ = port;
  const std::string after = ":" + std::to_string(port);
  usual_hosts_ = {"127.0.0.1" + after, "localhost" + after, "[::1]" + after};
}

bool Access::is_own_host(std::string_view host_and_port) const {
  {
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(usual_hosts_, host_and_port) != usual_hosts_.end()) return true;
  }
  const auto [host, port] = split_host(host_and_port);
  for (const auto& allowed : options_.hosts) {
    const auto name = split_host(allowed);
    if (name.host == host && (name.port.empty() || name.port == port)) return true;
  }
  const std::lock_guard lock(mutex_);
  if (!port.empty() && port != std::to_string(listen_port_)) return false;
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]" || host == listen_address_ ||
         host == "[" + listen_address_ + "]";
}

std::optional<Response> Access::refuse_host(const Request& request) const {
  const auto host = request.header("host");
  if (is_own_host(host)) return std::nullopt;
  return problem(421, {.code = ErrorCode::forbidden,
                       .message = "cannot answer for host \"" + std::string(host) +
                                  "\": it is not a name of this hub",
                       .reason = "host_not_allowed",
                       .hint = "Use http://127.0.0.1 with the hub's port, or start the hub with "
                               "--allow-host and this name.",
                       .details = {{"host", host}}});
}

bool Access::is_allowed_foreign_origin(std::string_view origin) const {
  return !origin.empty() && std::ranges::find(options_.origins, origin) != options_.origins.end();
}

std::optional<Response> Access::refuse_origin(const Request& request) const {
  const auto origin = request.header("origin");
  const bool upgrades = !request.header("upgrade").empty();
  if (origin.empty() || (!is_mutating(request) && !upgrades)) return std::nullopt;
  if (is_allowed_foreign_origin(origin)) return std::nullopt;
  const auto host = host_of_origin(origin);
  if (host && *host == without_default_port(request.header("host"))) return std::nullopt;
  return problem(403, {.code = ErrorCode::forbidden,
                       .message = "cannot serve the page at \"" + std::string(origin) +
                                  "\": it is not the hub's own origin",
                       .reason = "origin_not_allowed",
                       .hint = "Open the hub's own page, or start the hub with "
                               "--allow-origin and this origin.",
                       .details = {{"origin", origin}}});
}

std::optional<Error> Access::judge_token(std::string_view token, const std::string& address) {
  if (equal_constant_time(token, token_)) return std::nullopt;
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (wrong_tokens_.size() >= addresses_max && !wrong_tokens_.contains(address)) {
    std::erase_if(wrong_tokens_, [&](const auto& entry) {
      return now - entry.second.since >= wrong_token_window;
    });
    if (wrong_tokens_.size() >= addresses_max) wrong_tokens_.erase(wrong_tokens_.begin());
  }
  auto& wrong = wrong_tokens_[address];
  if (now - wrong.since >= wrong_token_window) wrong = {now, 0};
  if (wrong.count < wrong_tokens_max) {
    ++wrong.count;
    return Error{.code = ErrorCode::forbidden,
                 .message = "Invalid or missing X-AdaOS-Token",
                 .reason = "wrong_token",
                 .hint = {},
                 .details = {}};
  }
  const auto left =
      std::chrono::ceil<std::chrono::seconds>(wrong_token_window - (now - wrong.since));
  return Error{.code = ErrorCode::exhausted,
               .message = "cannot sign in: too many wrong tokens from this address",
               .reason = "too_many_wrong_tokens",
               .hint = "Wait a minute, and use the token of <base-dir>/state/token.",
               .details = {{"retry_after_s", left.count()}}};
}

Result<Principal> Access::check_token(std::string_view token, const std::string& peer_address) {
  if (auto error = judge_token(token, peer_address)) return tl::unexpected(*std::move(error));
  return Principal{.by = Principal::By::token};
}

std::optional<Response> Access::refuse_principal(Request& request) {
  if (const auto token = token_in_headers(request)) {
    if (auto error = judge_token(*token, request.peer_address)) return refusal_of(*error);
    request.principal = Principal{.by = Principal::By::token};
    return std::nullopt;
  }
  const auto cookie = request.cookie(cookie_name);
  if (cookie.empty() || !has_session(cookie)) return unauthorized();
  request.principal = Principal{.by = Principal::By::session};
  return std::nullopt;
}

std::optional<Response> Access::refuse_socket_principal(Request& request) {
  if (!token_in_headers(request)) {
    if (const auto token = request.query_value("token")) {
      if (auto error = judge_token(*token, request.peer_address)) return refusal_of(*error);
      request.principal = Principal{.by = Principal::By::token};
      return std::nullopt;
    }
    if (request.header("origin").empty()) return unauthorized();
  }
  return refuse_principal(request);
}

std::optional<Response> Access::refuse_intent(const Request& request) const {
  const bool by_cookie = request.principal && request.principal->by == Principal::By::session;
  if (!by_cookie || !is_mutating(request) || request.header("x-adaos-request") == "1") {
    return std::nullopt;
  }
  return problem(403, {.code = ErrorCode::forbidden,
                       .message = "cannot " + request.method + " " + request.path +
                                  ": a browser session must send X-AdaOS-Request",
                       .reason = "request_header_missing",
                       .hint = "Send the header X-AdaOS-Request: 1.",
                       .details = {}});
}

Result<std::string> Access::start_session() {
  auto id = random_hex(token_bytes);
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  std::erase_if(sessions_, [&](const Session& session) { return session.expires_at <= now; });
  while (sessions_.size() >= sessions_max) sessions_.pop_front();
  sessions_.push_back({to_hex(sha256(id)), now + session_lifetime});
  auto saved = save_sessions();
  if (!saved) {
    sessions_.pop_back();
    return tl::unexpected(std::move(saved).error());
  }
  return id;
}

Result<> Access::end_session(std::string_view id) {
  const auto hash = to_hex(sha256(id));
  const std::lock_guard lock(mutex_);
  const auto ended =
      std::erase_if(sessions_, [&](const Session& session) { return session.id_hash == hash; });
  return ended == 0 ? Result<>{} : save_sessions();
}

bool Access::has_session(std::string_view id) const {
  // Finding it by its hash tells nothing about other ids, so this needs no constant time.
  const auto hash = to_hex(sha256(id));
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  return std::any_of(sessions_.begin(), sessions_.end(), [&](const Session& session) {
    return session.id_hash == hash && session.expires_at > now;
  });
}

}  // namespace hub::http
