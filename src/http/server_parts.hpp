#pragma once
// Internal to the server: what its connections share, free of Beast.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <variant>

#include "http/server.hpp"

namespace hub::http {

// Something open that the server must be able to end: a connection, a WebSocket on one.
// Both calls come from the stopping thread, never block, and only ask.
class Live {
 public:
  virtual ~Live() = default;
  virtual void stop() = 0;  // end as soon as it is polite
  virtual void cut() = 0;   // end now
};

// Membership lasts from the constructor to the destructor of a Membership.
class LiveSet {
 public:
  class Membership {
   public:
    Membership(LiveSet& set, Live& one);
    ~Membership();
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;

   private:
    LiveSet& set_;
    Live& one_;
  };

  void stop_all();
  void cut_all();
  // True when the last one left in time.
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline);
  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable left_;
  std::set<Live*> all_;
};

struct ServedSocketRoute {
  SocketRoute route;
  Pattern pattern;
};

struct ServerParts {
  ServerParts(ServerOptions options, Router router, SocketRoutes routes, Access& access);

  const ServerOptions options;
  const Router router;
  std::vector<ServedSocketRoute> socket_routes;
  Access& access;
  std::atomic<bool> stopping{false};
  LiveSet connections;  // those that became WebSockets included
  LiveSet sockets;
};

// Judges a request by its head, before its body is read: path, Host, Origin, route, principal,
// intent. Fills in path, query, path_values and principal.
using Admission = std::variant<Response, const Route*>;
Admission admit(const ServerParts&, std::string_view target, Request& request);

using SocketAdmission = std::variant<Response, const SocketRoute*>;
SocketAdmission admit_socket(const ServerParts&, std::string_view target, Request& request);

}  // namespace hub::http
