#pragma once
// What the servers want to hear: WebSocket frames of a client, and the two ways of naming a
// document in front of y-protocols' messages.
//
//   y-websocket   the document is the URL's path; messages stand alone
//   hocuspocus    one URL; each message begins with varString(document), the first is an auth one

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hub::benchmarks {

enum class Framing { y_websocket, hocuspocus };

struct Place {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string path = "/";  // of y-websocket: with the document
  std::string document;
  std::string token;  // X-AdaOS-Token; empty: none
  Framing framing = Framing::y_websocket;
};

std::string upgrade_request(const Place&);

// One whole frame. Masked with zeros, as a client must and at no cost.
std::string client_frame(int opcode, std::string_view payload);

// `message`, an update of y-protocols and the like, as the server of this place wants it, framed.
std::string framed(const Place&, std::string_view message);
// What a client says once it is connected: who it is, and step 1 of an empty document.
std::string hello(const Place&);

std::string update_message(std::string_view update);
std::string empty_step1();
std::string empty_step2();
std::string awareness_message(std::uint64_t client, std::uint64_t clock);

// A frame of the server at the beginning of `bytes`.
struct ServerFrame {
  int opcode = 0;
  bool last = true;  // of its message
  std::string_view payload;
  std::size_t size = 0;  // with its head
};
std::optional<ServerFrame> first_frame(std::string_view bytes);  // nothing: not whole yet

// A message without what hocuspocus puts before it.
std::string_view unwrapped(const Place&, std::string_view message);

// A marker in a value: when it fell due, and which one it is. Found in a message as it stands.
struct Marker {
  std::int64_t due_us = 0;
  std::int64_t number = 0;
};
std::string marker_text(const Marker&);
// The first one in `bytes`, which goes on behind it.
std::optional<Marker> next_marker(std::string_view& bytes);

std::int64_t now_us();  // CLOCK_MONOTONIC: the same for every process of this machine

}  // namespace hub::benchmarks
