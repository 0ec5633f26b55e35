#include "http/server_parts.hpp"

#include <algorithm>

namespace hub::http {
namespace {

Response bad_request(std::string message) {
  return problem({.code = ErrorCode::invalid,
                  .message = std::move(message),
                  .reason = "request_malformed",
                  .hint = {},
                  .details = {}});
}

// What two parties could read differently must come once.
std::optional<Response> refuse_ambiguity(const Request& request) {
  for (const std::string_view name : {"host", "origin", "authorization", "x-adaos-token"}) {
    const auto count = std::count_if(request.headers.begin(), request.headers.end(),
                                     [&](const auto& header) { return header.first == name; });
    if (count > 1)
      return bad_request("cannot read the request: two " + std::string(name) + " headers");
  }
  if (request.header("host").empty()) {
    return bad_request("cannot read the request: the Host header is missing");
  }
  return std::nullopt;
}

std::optional<Response> refuse_head(const ServerParts& parts, std::string_view target,
                                    Request& request) {
  if (auto refusal = refuse_ambiguity(request)) return refusal;
  if (auto refusal = parts.access.refuse_host(request)) return refusal;
  const auto read = read_target(target, request);
  if (!read) return problem(read.error());
  return parts.access.refuse_origin(request);
}

const ServedSocketRoute* find_socket_route(const ServerParts& parts, Request& request) {
  const auto segments = path_segments(request.path);
  for (const auto& served : parts.socket_routes) {
    if (auto values = served.pattern.match(segments)) {
      request.path_values = *std::move(values);
      return &served;
    }
  }
  return nullptr;
}

}  // namespace

LiveSet::Membership::Membership(LiveSet& set, Live& one) : set_(set), one_(one) {
  const std::lock_guard lock(set_.mutex_);
  set_.all_.insert(&one_);
}

LiveSet::Membership::~Membership() {
  // Notified under the lock: the waiting thread may destroy the set once it is empty.
  const std::lock_guard lock(set_.mutex_);
  set_.all_.erase(&one_);
  set_.left_.notify_all();
}

void LiveSet::stop_all() {
  const std::lock_guard lock(mutex_);
  for (auto* one : all_) one->stop();
}

void LiveSet::cut_all() {
  const std::lock_guard lock(mutex_);
  for (auto* one : all_) one->cut();
}

bool LiveSet::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return left_.wait_until(lock, deadline, [&] { return all_.empty(); });
}

std::size_t LiveSet::size() const {
  const std::lock_guard lock(mutex_);
  return all_.size();
}

ServerParts::ServerParts(ServerOptions wanted, Router routes, SocketRoutes wanted_sockets,
                         Access& who)
    : options(std::move(wanted)), router(std::move(routes)), access(who) {
  for (auto& route : wanted_sockets) {
    Pattern pattern(route.pattern);
    socket_routes.push_back({std::move(route), std::move(pattern)});
  }
}

Admission admit(const ServerParts& parts, std::string_view target, Request& request) {
  if (auto refusal = refuse_head(parts, target, request)) return *std::move(refusal);
  if (find_socket_route(parts, request)) {
    Error error{
        .code = ErrorCode::invalid,
        .message = "cannot " + request.method + " " + request.path + ": it is a WebSocket address",
        .reason = "upgrade_required",
        .hint = "Connect with a WebSocket client.",
        .details = {}};
    return problem(426, error).set_header("Upgrade", "websocket");
  }
  auto match = parts.router.match(request);
  if (!match.route) return std::move(match.refusal);
  auto refusal = parts.access.refuse_principal(request);
  if (refusal && match.route->auth == Auth::token) return *std::move(refusal);
  if (match.route->auth == Auth::token) {
    if (auto unmeant = parts.access.refuse_intent(request)) return *std::move(unmeant);
  }
  return match.route;
}

SocketAdmission admit_socket(const ServerParts& parts, std::string_view target, Request& request) {
  if (auto refusal = refuse_head(parts, target, request)) return *std::move(refusal);
  const auto* served = find_socket_route(parts, request);
  if (!served) {
    return problem({.code = ErrorCode::not_found,
                    .message = "cannot find " + request.path + ": no WebSocket there",
                    .reason = "route_not_found",
                    .hint = {},
                    .details = {}});
  }
  auto refusal = parts.access.refuse_socket_principal(request);
  if (!refusal) return &served->route;
  const bool later = served->route.auth == SocketAuth::token_or_message && refusal->status == 401 &&
                     request.query_value("auth") == "message" && !request.query_value("token");
  if (!later) return *std::move(refusal);
  return &served->route;
}

}  // namespace hub::http
