// /api/session: a browser trades the token for a cookie.

#include "http/access.hpp"
#include "http/router.hpp"

namespace hub::http {
namespace {

struct SignIn {
  std::string token;
};
BOOST_DESCRIBE_STRUCT(SignIn, (), (token))

std::string cookie_header(std::string_view value, std::chrono::seconds lifetime) {
  return std::string(Access::cookie_name) + "=" + std::string(value) +
         "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(lifetime.count());
}

Response sign_in(Access& access, const Request& request) {
  const auto body = body_as<SignIn>(request);
  if (!body) return problem(body.error());
  const auto right = access.check_token(body->token, request.peer_address);
  if (!right) {
    if (right.error().code != ErrorCode::exhausted) return problem(401, right.error());
    return problem(429, right.error()).set_header("Retry-After", "60");
  }
  // Always a fresh id, whatever cookie came along: nobody can plant one beforehand.
  const auto id = access.start_session();
  if (!id) return problem(id.error());
  return empty(204).set_header("Set-Cookie", cookie_header(*id, Access::session_lifetime));
}

Response sign_out(Access& access, const Request& request) {
  const auto ended = access.end_session(request.cookie(Access::cookie_name));
  if (!ended) return problem(ended.error());
  return empty(204).set_header("Set-Cookie", cookie_header("", std::chrono::seconds(0)));
}

Response show(const Request& request) {
  const bool session = request.principal && request.principal->by == Principal::By::session;
  return json(200, {{"by", session ? "session" : "token"}});
}

}  // namespace

void add_session_routes(Router& router, Workers& workers, Access& access) {
  router.add("POST", "/api/session", Auth::open,
             blocking(workers, [&access](const Request& r) { return sign_in(access, r); }));
  router.add("DELETE", "/api/session", Auth::token,
             blocking(workers, [&access](const Request& r) { return sign_out(access, r); }));
  router.add("GET", "/api/session", Auth::token, inline_handler(show));
}

}  // namespace hub::http
