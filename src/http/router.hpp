#pragma once
// Which handler answers which request.
//
//   Router router;
//   router.add("GET", "/api/operations/{id}", Auth::token, blocking(workers, show_operation));
//   router.add("GET", "/api/ping", Auth::open, inline_handler(ping));
//
// Filled by one thread before the server starts, read-only afterwards.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/workers.hpp"

namespace hub::http {

enum class Auth {
  open,   // anybody; Host and Origin are checked all the same
  token,  // a token or a browser session
};

// The answer to one request, owed exactly once. Copy it, keep it, call it later from any thread;
// a second call is ignored. When the last copy dies uncalled the client gets a 500. Calling it
// after the client or the server went away does nothing. A body that comes bit by bit is a source
// in the Response (body_source.hpp).
class Reply {
 public:
  using Make = std::function<Response()>;

  // `deliver` runs what it is given on the thread of its choice.
  explicit Reply(std::function<void(Make)> deliver);
  void operator()(Response response) const;
  // For a thread that has better things to do than to render an answer: `make` runs on an io
  // thread, must not block, and is not called at all when the client has gone.
  void rendered(Make make) const;

 private:
  struct Once;
  std::shared_ptr<Once> once_;  // shared: copies owe one answer together
};

// Called on an io thread: must not block, must not throw (a throw is answered with 500).
using Handler = std::function<void(Request, Reply)>;

// Runs `work` on a worker thread. An exception is logged once and answered with a 500 that names
// the request id; too many waiting jobs are answered with 503 and Retry-After. The Workers must
// outlive the server.
Handler blocking(Workers&, std::function<Response(const Request&)> work);

// The same for work that answers later: it owes the reply.
Handler later(Workers&, std::function<void(const Request&, const Reply&)> work);

// What a request is told that finds too many before it. unavailable, reason "overloaded".
Error overloaded();

// Runs `work` on the io thread: only for what takes microseconds.
Handler inline_handler(std::function<Response(const Request&)> work);

// Calls `work`; an exception becomes the 500 described above. For handlers that answer later.
Response guarded(const Request&, const std::function<Response(const Request&)>& work);

// "/api/operations/{id}/cancel": a name in braces takes one whole segment.
class Pattern {
 public:
  explicit Pattern(std::string_view text);
  // The values of the names in braces, or nothing when the path is another one.
  std::optional<std::map<std::string, std::string>> match(
      const std::vector<std::string_view>& segments) const;
  // Patterns with more literal segments come first, so "/a/list" beats "/a/{id}".
  std::size_t literal_count() const;

 private:
  struct Segment {
    std::string text;  // the literal, or the name in braces
    enum class Kind { literal, value } kind;
  };
  std::vector<Segment> segments_;
};

std::vector<std::string_view> path_segments(std::string_view path);

struct Route {
  std::string method;
  Pattern pattern;
  Auth auth = Auth::token;
  Handler handler;
  std::uint64_t body_bytes_max = 0;  // 0: as the server has it for all
};

class Router {
 public:
  // Methods: GET (answers HEAD too), POST, PUT, PATCH, DELETE. Throws std::invalid_argument for a
  // second route of the same method and pattern: that is a bug in our wiring.
  void add(std::string method, std::string_view pattern, Auth, Handler,
           std::uint64_t body_bytes_max = 0);
  // The largest that a route takes; 0 when none has one of its own.
  std::uint64_t body_bytes_max() const;
  // Answers GET and HEAD of every path that no route has, and decides on its own 404.
  void set_fallback(Handler);

  struct Match {
    const Route* route = nullptr;  // null: answer with `refusal`
    Response refusal;              // 404, 405 with Allow, or 204 with Allow for OPTIONS
  };
  // Fills request.path_values.
  Match match(Request& request) const;

 private:
  std::vector<Route> routes_;
  std::vector<std::string> keys_;  // "GET /api/…", to refuse a second one
  std::unique_ptr<Route> fallback_;
};

}  // namespace hub::http
