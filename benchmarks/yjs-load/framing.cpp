#include "framing.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "ydoc/lib0.hpp"

namespace hub::benchmarks {
namespace {

constexpr std::string_view marker_begin = "@@T";
constexpr std::size_t time_digits = 16, number_digits = 8;
constexpr std::size_t marker_bytes = marker_begin.size() + time_digits + 1 + number_digits;
constexpr std::string_view hocuspocus_version = "4.7.0";

std::string sync(std::uint8_t kind, std::string_view bytes) {
  ydoc::Writer out;
  out.byte(0);
  out.byte(kind);
  out.var_bytes(bytes);
  return out.take();
}

std::string big_endian(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned at = bytes; at-- > 0;) out.push_back(static_cast<char>((value >> (8 * at)) & 255U));
  return out;
}

std::int64_t number_in(std::string_view digits) {
  std::int64_t out = -1;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

}  // namespace

std::string upgrade_request(const Place& place) {
  const std::string host = place.address + ":" + std::to_string(place.port);
  std::string out = "GET " + place.path + " HTTP/1.1\r\nHost: " + host +
                    "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (!place.token.empty()) out += "X-AdaOS-Token: " + place.token + "\r\n";
  return out + "\r\n";
}

std::string client_frame(int opcode, std::string_view payload) {
  constexpr std::uint64_t final_bit = 128, mask_bit = 128;
  std::string out;
  out.push_back(static_cast<char>(final_bit | static_cast<unsigned>(opcode)));
  const std::uint64_t size = payload.size();
  if (size < 126) {
    out.push_back(static_cast<char>(mask_bit | size));
  } else if (size < 65536) {
    out.push_back(static_cast<char>(mask_bit | 126U));
    out += big_endian(size, 2);
  } else {
    out.push_back(static_cast<char>(mask_bit | 127U));
    out += big_endian(size, 8);
  }
  out.append(4, '\0');
  return out.append(payload);
}

std::string framed(const Place& place, std::string_view message) {
  if (place.framing == Framing::y_websocket) return client_frame(2, message);
  ydoc::Writer out;
  out.var_string(place.document);
  out.raw(message);
  return client_frame(2, out.take());
}

std::string hello(const Place& place) {
  if (place.framing == Framing::y_websocket) return framed(place, empty_step1());
  ydoc::Writer auth;
  auth.byte(2);
  auth.byte(0);
  auth.var_string("nobody");
  auth.var_string(hocuspocus_version);
  return framed(place, auth.take()) + framed(place, empty_step1());
}

std::string update_message(std::string_view update) { return sync(2, update); }

std::string empty_step1() { return sync(0, std::string(1, '\0')); }

std::string empty_step2() { return sync(1, std::string(2, '\0')); }

std::string awareness_message(std::uint64_t client, std::uint64_t clock) {
  ydoc::Writer table, out;
  table.var_uint(1);
  table.var_uint(client);
  table.var_uint(clock);
  table.var_string(R"({"user":{"name":"browser )" + std::to_string(client) + R"("}})");
  out.byte(1);
  out.var_bytes(table.take());
  return out.take();
}

std::optional<ServerFrame> first_frame(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  std::uint64_t size = at(1) & 127U;
  const unsigned more = size == 126 ? 2 : size == 127 ? 8 : 0;
  const std::size_t head = 2U + more;
  if (bytes.size() < head) return std::nullopt;
  if (more > 0) size = 0;
  for (unsigned i = 0; i < more; ++i) size = size << 8U | at(2 + i);
  if (bytes.size() - head < size) return std::nullopt;
  return ServerFrame{at(0) & 15, (at(0) & 128U) != 0, bytes.substr(head, size), head + size};
}

std::string_view unwrapped(const Place& place, std::string_view message) {
  if (place.framing == Framing::y_websocket) return message;
  ydoc::Reader in(message);
  in.var_bytes();
  return message.substr(in.position());
}

std::string marker_text(const Marker& marker) {
  std::array<char, marker_bytes + 1> out{};
  std::snprintf(out.data(), out.size(), "@@T%016lld:%08lld", static_cast<long long>(marker.due_us),
                static_cast<long long>(marker.number));
  return out.data();
}

std::optional<Marker> next_marker(std::string_view& bytes) {
  const auto at = bytes.find(marker_begin);
  if (at == std::string_view::npos || bytes.size() - at < marker_bytes) return std::nullopt;
  const auto text = bytes.substr(at, marker_bytes);
  bytes.remove_prefix(at + marker_bytes);
  return Marker{number_in(text.substr(marker_begin.size(), time_digits)),
                number_in(text.substr(marker_bytes - number_digits))};
}

std::int64_t now_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace hub::benchmarks
