#include "http/document_sockets.hpp"

#include <list>
#include <mutex>
#include <optional>

#include "ydoc/message.hpp"

namespace hub::http {
namespace {

using projection::DocumentServer;
// Hears nothing and says nothing.
SocketEvents nobody() {
  return {[](std::string_view) {}, [](std::uint16_t) {}};
}

// From now on in the document; a socket that cannot be is closed.
SocketEvents join(DocumentServer& documents, const std::shared_ptr<Socket>& socket,
                  const std::string& webspace) {
  const auto session = documents.open(webspace, socket);
  if (!session) {
    const bool ours = session.error().code == ErrorCode::unavailable;
    socket->close(ours ? close_code::try_again_later : close_code::bad_webspace,
                  session.error().message);
    return nobody();
  }
  return {[&documents, id = *session](std::string_view bytes) {
            documents.message(id, std::string(bytes));
          },
          [&documents, id = *session](std::uint16_t) { documents.closed(id); }};
}

// A client whose token is still to come. Its messages are told one at a time.
struct Arrival {
  std::shared_ptr<Socket> socket;
  std::string webspace, address;
  std::optional<SocketEvents> decided = {};  // in the document, or refused
  std::vector<std::string> early = {};
  std::size_t early_bytes = 0;
};

class Lobby : public std::enable_shared_from_this<Lobby> {
 public:
  Lobby(Access& access, DocumentServer& documents) : access_(access), documents_(documents) {}

  SocketEvents take(const std::shared_ptr<Socket>& socket, const Request& request,
                    const std::string& webspace) {
    auto arrival = std::make_shared<Arrival>(Arrival{socket, webspace, request.peer_address});
    std::shared_ptr<Socket> oldest;
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(arrival);
      if (waiting_.size() > arrivals_max) {
        oldest = waiting_.front()->socket;
        waiting_.pop_front();
      }
    }
    if (oldest) {
      oldest->close(close_code::try_again_later, "too many clients without a token");
    }
    const auto self = shared_from_this();
    return {[self, arrival](std::string_view bytes) { self->hear(*arrival, bytes); },
            [self, arrival](std::uint16_t code) { self->leave(*arrival, code); }};
  }

 private:
  void hear(Arrival& arrival, std::string_view bytes) {
    if (arrival.decided) return arrival.decided->on_message(bytes);
    const auto message = ydoc::decode_message(bytes);
    if (message && message->kind == ydoc::MessageKind::auth) {
      return admit(arrival, message->payload);
    }
    arrival.early_bytes += bytes.size();
    if (arrival.early.size() >= early_messages_max || arrival.early_bytes > early_bytes_max) {
      return refuse(arrival, "the token has to come first");
    }
    arrival.early.emplace_back(bytes);
  }

  void admit(Arrival& arrival, std::string_view token) {
    const auto principal = access_.check_token(token, arrival.address);
    if (!principal) return refuse(arrival, principal.error().message);
    forget(arrival);
    arrival.decided = join(documents_, arrival.socket, arrival.webspace);
    for (const auto& early : std::exchange(arrival.early, {})) arrival.decided->on_message(early);
  }

  void refuse(Arrival& arrival, const std::string& why) {
    forget(arrival);
    arrival.decided = nobody();
    arrival.socket->send(ydoc::denied_frame(why));
    arrival.socket->close(close_code::unauthorized, why);
  }

  void leave(Arrival& arrival, std::uint16_t code) {
    forget(arrival);
    if (arrival.decided) arrival.decided->on_close(code);
    arrival.socket.reset();
  }

  void forget(const Arrival& arrival) {
    const std::lock_guard lock(mutex_);
    std::erase_if(waiting_, [&arrival](const auto& one) { return one.get() == &arrival; });
  }

  Access& access_;
  DocumentServer& documents_;
  std::mutex mutex_;
  std::list<std::shared_ptr<Arrival>> waiting_;
};

}  // namespace

void add_document_sockets(SocketRoutes& routes, Access& access, DocumentServer& documents) {
  const auto lobby = std::make_shared<Lobby>(access, documents);
  const auto add = [&](std::string pattern, auto webspace_of) {
    SocketRoute route;
    route.pattern = std::move(pattern);
    route.auth = SocketAuth::token_or_message;
    route.open = [lobby, webspace_of, &documents](const std::shared_ptr<Socket>& socket,
                                                  const Request& request) {
      const std::string webspace = webspace_of(request);
      return request.principal ? join(documents, socket, webspace)
                               : lobby->take(socket, request, webspace);
    };
    routes.push_back(std::move(route));
  };
  add("/yws/{webspace}", [](const Request& request) { return request.path_value("webspace"); });
  add("/yws", [](const Request& request) { return request.query_value("ws").value_or("desktop"); });
}

}  // namespace hub::http
