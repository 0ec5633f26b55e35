#include "http/router.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <set>
#include <stdexcept>

#include "base/log.hpp"

namespace hub::http {
namespace {

Response internal_error(const Request& request, std::string_view what) {
  log::error("http", "request_failed",
             {{"request_id", request.request_id},
              {"method", request.method},
              {"path", request.path},
              {"error", what}});
  return problem(500, {.code = ErrorCode::unavailable,
                       .message = "cannot answer: an error inside the hub",
                       .reason = "internal_error",
                       .hint = "Look for request_id " + request.request_id + " in the hub's log.",
                       .details = {{"request_id", request.request_id}}});
}

bool is_route_method(std::string_view method) {
  return method == "GET" || method == "POST" || method == "PUT" || method == "PATCH" ||
         method == "DELETE";
}

std::string allow_header(const std::set<std::string>& methods) {
  std::string out;
  for (const auto& method : methods) {
    out += (out.empty() ? "" : ", ") + method;
    if (method == "GET") out += ", HEAD";
  }
  return out + ", OPTIONS";
}

}  // namespace

struct Reply::Once {
  explicit Once(std::function<void(Make)> to) : deliver(std::move(to)) {}
  Once(const Once&) = delete;
  Once& operator=(const Once&) = delete;
  ~Once() {
    if (answered.exchange(true)) return;
    log::error("http", "reply_dropped");
    deliver([] {
      return problem(500, {.code = ErrorCode::unavailable,
                           .message = "cannot answer: the hub lost this request",
                           .reason = "internal_error",
                           .hint = "Try again.",
                           .details = {}});
    });
  }

  std::atomic<bool> answered{false};
  std::function<void(Make)> deliver;
};

Reply::Reply(std::function<void(Make)> deliver)
    : once_(std::make_shared<Once>(std::move(deliver))) {}

void Reply::operator()(Response response) const {
  rendered([response = std::move(response)]() mutable { return std::move(response); });
}

void Reply::rendered(Make make) const {
  if (!once_->answered.exchange(true)) once_->deliver(std::move(make));
}

Response guarded(const Request& request, const std::function<Response(const Request&)>& work) {
  try {
    return work(request);
  } catch (const std::exception& error) {
    return internal_error(request, error.what());
  } catch (...) {
    return internal_error(request, "something that is no std::exception");
  }
}

Error overloaded() {
  return {.code = ErrorCode::unavailable,
          .message = "cannot answer now: too many requests are waiting",
          .reason = "overloaded",
          .hint = "Try again in a few seconds.",
          .details = {}};
}

Handler later(Workers& workers, std::function<void(const Request&, const Reply&)> work) {
  return [&workers, work = std::move(work)](Request request, const Reply& reply) {
    // std::function wants copyable jobs; the request is moved, not copied, into this one.
    auto shared = std::make_shared<const Request>(std::move(request));
    const auto posted = workers.post([shared, reply, work] {
      auto failed = guarded(*shared, [&](const Request& asked) {
        work(asked, reply);
        return Response{};
      });
      if (failed.status == 500) reply(std::move(failed));
    });
    if (posted == Workers::Posted::too_many) reply(problem(overloaded()));
  };
}

Handler blocking(Workers& workers, std::function<Response(const Request&)> work) {
  return later(workers, [work = std::move(work)](const Request& request, const Reply& reply) {
    reply(work(request));
  });
}

Handler inline_handler(std::function<Response(const Request&)> work) {
  return [work = std::move(work)](const Request& request, const Reply& reply) {
    reply(guarded(request, work));
  };
}

std::vector<std::string_view> path_segments(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

Pattern::Pattern(std::string_view text) {
  for (const auto segment : path_segments(text)) {
    if (segment.front() == '{' && segment.back() == '}') {
      segments_.push_back(
          {std::string(segment.substr(1, segment.size() - 2)), Segment::Kind::value});
    } else {
      segments_.push_back({std::string(segment), Segment::Kind::literal});
    }
  }
}

std::optional<std::map<std::string, std::string>> Pattern::match(
    const std::vector<std::string_view>& segments) const {
  if (segments.size() != segments_.size()) return std::nullopt;
  for (std::size_t at = 0; at < segments.size(); ++at) {
    if (segments_[at].kind == Segment::Kind::literal && segments_[at].text != segments[at]) {
      return std::nullopt;
    }
  }
  std::map<std::string, std::string> values;
  for (std::size_t at = 0; at < segments.size(); ++at) {
    if (segments_[at].kind == Segment::Kind::value) values[segments_[at].text] = segments[at];
  }
  return values;
}

std::size_t Pattern::literal_count() const {
  return static_cast<std::size_t>(
      std::count_if(segments_.begin(), segments_.end(),
                    [](const Segment& segment) { return segment.kind == Segment::Kind::literal; }));
}

void Router::add(std::string method, std::string_view pattern, Auth auth, Handler handler,
                 std::uint64_t body_bytes_max) {
  if (!is_route_method(method)) throw std::invalid_argument("no such method: " + method);
  auto key = method + " " + std::string(pattern);
  if (std::find(keys_.begin(), keys_.end(), key) != keys_.end()) {
    throw std::invalid_argument("a second route " + key);
  }
  keys_.push_back(std::move(key));
  Route route{std::move(method), Pattern(pattern), auth, std::move(handler), body_bytes_max};
  const auto literals = route.pattern.literal_count();
  const auto place = std::find_if(routes_.begin(), routes_.end(), [&](const Route& other) {
    return other.pattern.literal_count() < literals;
  });
  routes_.insert(place, std::move(route));
}

void Router::set_fallback(Handler handler) {
  fallback_ = std::make_unique<Route>(Route{"GET", Pattern("/"), Auth::open, std::move(handler)});
}

std::uint64_t Router::body_bytes_max() const {
  std::uint64_t most = 0;
  for (const auto& route : routes_) most = std::max(most, route.body_bytes_max);
  return most;
}

Router::Match Router::match(Request& request) const {
  const std::string wanted = request.method == "HEAD" ? "GET" : request.method;
  const auto segments = path_segments(request.path);
  std::set<std::string> methods;
  for (const auto& route : routes_) {
    auto values = route.pattern.match(segments);
    if (!values) continue;
    if (route.method == wanted) {
      request.path_values = *std::move(values);
      return {&route, {}};
    }
    methods.insert(route.method);
  }
  if (methods.empty() && fallback_) {
    if (wanted == "GET") return {fallback_.get(), {}};
    methods.insert("GET");
  }
  if (methods.empty()) {
    return {nullptr, problem({.code = ErrorCode::not_found,
                              .message = "cannot find " + request.path + ": no such route",
                              .reason = "route_not_found",
                              .hint = {},
                              .details = {}})};
  }
  auto allow = allow_header(methods);
  if (request.method == "OPTIONS") {
    return {nullptr, empty(204).set_header("Allow", std::move(allow))};
  }
  Error error{.code = ErrorCode::invalid,
              .message = "cannot " + request.method + " " + request.path + ": want " + allow,
              .reason = "method_not_allowed",
              .hint = {},
              .details = {{"allow", allow}}};
  return {nullptr, problem(405, error).set_header("Allow", std::move(allow))};
}

}  // namespace hub::http
