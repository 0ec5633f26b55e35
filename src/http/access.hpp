#pragma once
// Who may come in: the token, browser sessions, and the Host and Origin of a request.
//
// Truth: `<state>/token` (the token itself, mode 0600, made at first start) and
// `<state>/sessions.json` (SHA-256 of each session id with its expiry, mode 0600). Another token
// in the file ends all sessions at the next start.
//
// What is checked, in this order:
//   Host      on every request, against DNS rebinding: a loopback name or a name from the
//             options, else 421.
//   Origin    on WebSockets and on every request that changes something, when it is there: our
//             own origin (its host and port are the request's Host) or one from the options,
//             else 403.
//   who       `Authorization: Bearer <token>`, `X-AdaOS-Token: <token>`, the cookie of a browser
//             session; on WebSockets also `?token=`. Comparison in constant time. None or wrong:
//             401. The 11th wrong token within a minute from one address, and every later one:
//             429 with Retry-After. A right token is never refused for another's wrong ones:
//             they share the address 127.0.0.1.
//   intent    a request that changes something and is let in by the cookie needs the header
//             `X-AdaOS-Request: 1`, which no cross-site form can send: else 403.
//
// Every method may be called from any thread.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "http/message.hpp"

namespace hub::http {

struct AccessOptions {
  std::filesystem::path state = {};     // <base>/state; made if missing
  std::vector<std::string> hosts = {};  // more names for Host: "hub.lan" (any port), "hub.lan:9000"
  std::vector<std::string> origins = {};  // more origins, exact: "https://app.example"
};

class Access {
 public:
  static constexpr int wrong_tokens_max = 10;  // a minute and address
  static constexpr std::chrono::minutes wrong_token_window{1};
  static constexpr std::chrono::hours session_lifetime{24 * 30};
  static constexpr std::size_t sessions_max = 100;      // the oldest makes room
  static constexpr std::size_t addresses_max = 10'000;  // remembered for their wrong tokens
  static constexpr std::string_view cookie_name = "adaos_session";

  // Reads or makes the token and the sessions. A token file that others may read is mended to
  // 0600 with a warning. invalid: the token file is too short to be one; unavailable: the disk.
  static Result<std::unique_ptr<Access>> open(AccessOptions, const Clock&);

  const std::string& token() const { return token_; }
  const Clock& clock() const { return clock_; }

  // Told by the server once it listens; before that no loopback Host with a port is right.
  void listening_on(std::string address, std::uint16_t port);

  // Each gives the answer to refuse with, or nothing.
  std::optional<Response> refuse_host(const Request&) const;
  std::optional<Response> refuse_origin(const Request&) const;
  // On success sets request.principal. `open` routes: a missing or wrong credential is no reason.
  std::optional<Response> refuse_principal(Request&);
  // The same for a WebSocket, with its `?token=` and its stricter rule for cookies.
  std::optional<Response> refuse_socket_principal(Request&);
  std::optional<Response> refuse_intent(const Request&) const;

  // A token that came another way (a y-protocols auth message). forbidden, reason
  // "wrong_token"; exhausted, reason "too_many_wrong_tokens".
  Result<Principal> check_token(std::string_view token, const std::string& peer_address);

  // Whether it is a cross-origin page from the options: then the server adds the CORS headers for
  // exactly that origin.
  bool is_allowed_foreign_origin(std::string_view origin) const;

  // The id for the cookie. unavailable: it cannot be kept.
  Result<std::string> start_session();
  Result<> end_session(std::string_view id);  // an unknown one is fine
  bool has_session(std::string_view id) const;

 private:
  struct Session {
    std::string id_hash;  // SHA-256 of the cookie's value, hex
    Time expires_at;
  };
  struct WrongTokens {
    Time since;
    int count = 0;
  };

  Access(AccessOptions options, const Clock& clock);
  Result<> load_token();
  Result<> load_sessions();
  Result<> save_sessions() const;  // under mutex_
  bool is_own_host(std::string_view host_and_port) const;
  std::optional<Error> judge_token(std::string_view token, const std::string& address);

  const AccessOptions options_;
  const Clock& clock_;
  std::string token_;

  mutable std::mutex mutex_;  // all below
  std::string listen_address_;
  std::uint16_t listen_port_ = 0;
  std::vector<std::string> usual_hosts_;  // what nearly every request says, to be quick with them
  std::deque<Session> sessions_;          // oldest first
  std::map<std::string, WrongTokens, std::less<>> wrong_tokens_;
};

class Router;
class Workers;

// GET /api/session: 200 {"by": "session"|"token"}, or 401.
// POST /api/session {"token"}: 204 and the cookie (HttpOnly, SameSite=Strict, Path=/); 401, 429.
// DELETE /api/session: 204, ends the session of the cookie.
void add_session_routes(Router&, Workers&, Access&);

}  // namespace hub::http
