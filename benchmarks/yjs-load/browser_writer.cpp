#include "browser_writer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

#include <sys/socket.h>
#include <sys/time.h>

#include "../tcp_socket.hpp"
#include "ydoc/update.hpp"

namespace hub::benchmarks {
namespace {

constexpr std::uint64_t writer_id = 4'242'424'242;
constexpr time_t patience_s = 10;
constexpr std::string_view root = "ui";

// An item that follows the last value of its key.
void write_value(ydoc::Writer& out, std::string_view key, ydoc::Clock clock, const Json& value) {
  ydoc::ItemHead head;
  head.key = key;
  if (clock >= 2) {
    head.origin = ydoc::StructId{writer_id, clock - 2};
  } else {
    head.root = root;
  }
  ydoc::write_item_head(out, head, ydoc::ContentKind::any);
  out.var_uint(1);
  out.any(value);
}

}  // namespace

BrowserWriter::BrowserWriter(Place place, const std::string& document)
    : place_(std::move(place)), socket_(connected_socket(place_.address, place_.port)) {
  const timeval patience{.tv_sec = patience_s, .tv_usec = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  send(upgrade_request(place_));
  while (received_.find("\r\n\r\n") == std::string::npos) {
    std::array<char, 4096> bytes{};
    const auto count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (count <= 0) throw std::runtime_error("the writer is not let in: " + received_);
    received_.append(bytes.data(), static_cast<std::size_t>(count));
  }
  if (!received_.starts_with("HTTP/1.1 101")) throw std::runtime_error("refused: " + received_);
  received_.erase(0, received_.find("\r\n\r\n") + 4);
  sync(hello(place_));
  if (document.empty()) return;
  send(framed(place_, update_message(document)));
  sync(framed(place_, empty_step1()));
}

BrowserWriter::~BrowserWriter() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void BrowserWriter::send(const std::string& bytes) {
  std::string_view left = bytes;
  while (!left.empty()) {
    const auto count = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (count <= 0) throw std::system_error(errno, std::generic_category(), "send");
    left.remove_prefix(static_cast<std::size_t>(count));
  }
}

void BrowserWriter::sync(const std::string& question) {
  send(question);
  std::array<char, 65536> bytes{};
  for (;;) {
    while (const auto frame = first_frame(received_)) {
      const auto message = unwrapped(place_, frame->payload);
      const bool answered =
          message.size() > 1 && (message[0] == 0 || message[0] == 4) && message[1] == 1;
      if (message.size() > 1 && message[0] == 0 && message[1] == 0) {
        send(framed(place_, empty_step2()));
      }
      received_.erase(0, frame->size);
      if (answered) return;
    }
    const auto count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (count <= 0) throw std::runtime_error("the server does not answer the writer's step 1");
    received_.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

std::string BrowserWriter::next_update(std::int64_t due_us) {
  ydoc::Writer structs;
  write_value(structs, "progress", clock_, Json(written_ % 100));
  write_value(structs, "message", clock_ + 1, Json(marker_text({due_us, written_})));
  ydoc::UpdateWriter update;
  update.client({writer_id, clock_}, 2, structs.take());
  if (clock_ >= 2) {
    ydoc::RangeSet replaced;
    replaced.add({clock_ - 2, clock_});
    update.deletes(writer_id, replaced);
  }
  clock_ += 2;
  ++written_;
  return update.take();
}

void BrowserWriter::start(double rate, std::int64_t microseconds) {
  thread_ = std::thread([this, rate, microseconds] { write_all(rate, microseconds); });
}

void BrowserWriter::write_all(double rate, std::int64_t microseconds) {
  const std::int64_t begun = now_us();
  for (std::int64_t i = 0; !stopping_; ++i) {
    const auto due = begun + static_cast<std::int64_t>(static_cast<double>(i) * 1e6 / rate);
    if (due - begun >= microseconds) return;
    const auto wait = due - now_us();
    if (wait > 0) std::this_thread::sleep_for(std::chrono::microseconds(wait));
    send(framed(place_, update_message(next_update(due))));
    // What the server says to the writer is read, so that it is no slow reader; nobody looks at it.
    std::array<char, 65536> bytes{};
    while (::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
  }
}

std::int64_t BrowserWriter::finish() {
  thread_.join();
  return written_;
}

}  // namespace hub::benchmarks
