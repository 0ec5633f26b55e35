#include "http/document_sockets.hpp"

namespace hub::http {
namespace {

SocketEvents join(projection::DocumentServer& documents, const std::shared_ptr<Socket>& socket,
                  const std::string& webspace) {
  const auto session = documents.open(webspace, socket);
  if (!session) {
    const bool ours = session.error().code == ErrorCode::unavailable;
    socket->close(ours ? close_code::try_again_later : close_code::bad_webspace,
                  session.error().message);
    return {[](std::string_view) {}, [](std::uint16_t) {}};
  }
  return {[&documents, id = *session](std::string_view bytes) {
            documents.message(id, std::string(bytes));
          },
          [&documents, id = *session](std::uint16_t) { documents.closed(id); }};
}

}  // namespace

void add_document_sockets(SocketRoutes& routes, projection::DocumentServer& documents) {
  SocketRoute by_path;
  by_path.pattern = "/yws/{webspace}";
  by_path.open = [&documents](const std::shared_ptr<Socket>& socket, const Request& request) {
    return join(documents, socket, request.path_value("webspace"));
  };
  SocketRoute by_query;
  by_query.pattern = "/yws";
  by_query.open = [&documents](const std::shared_ptr<Socket>& socket, const Request& request) {
    return join(documents, socket, request.query_value("ws").value_or("desktop"));
  };
  routes.push_back(std::move(by_path));
  routes.push_back(std::move(by_query));
}

}  // namespace hub::http
