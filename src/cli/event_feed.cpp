#include "cli/event_feed.hpp"

#include <boost/json.hpp>

namespace hub::cli {
namespace {

constexpr std::chrono::seconds pause_between_tries{1};
constexpr std::size_t line_bytes_max = std::size_t{1} << 20U;
constexpr std::int64_t http_gone = 410;
constexpr std::int64_t http_server_error = 500;

}  // namespace

void EventReader::read(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    rest_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) {
      if (rest_.size() > line_bytes_max) rest_.clear();  // no event of ours is that long
      return;
    }
    bytes.remove_prefix(end + 1);
    if (rest_.ends_with('\r')) rest_.pop_back();
    read_line(rest_);
    rest_.clear();
  }
}

void EventReader::read_line(std::string_view line) {
  const auto value_of = [&](std::string_view field) -> std::optional<std::string_view> {
    if (!line.starts_with(field)) return std::nullopt;
    auto value = line.substr(field.size());
    if (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  };
  if (const auto id = value_of("id:")) {
    id_ = *id;
  } else if (const auto data = value_of("data:")) {
    data_ += *data;
  } else if (line.empty()) {
    boost::json::error_code ec;
    const auto event = boost::json::parse(data_, ec);
    const auto* operation =
        !ec && event.is_object() ? event.get_object().if_contains("operation_id") : nullptr;
    if (operation && operation->is_string()) {
      changed_.insert(OperationId(std::string(operation->get_string())));
    }
    if (!id_.empty()) last_id_ = id_;
    data_.clear();
  }
}

std::set<OperationId> EventReader::take() { return std::exchange(changed_, {}); }

void EventFeed::keep_open() {
  if (session_.stream_is_open() || refused_) return;
  const auto now = std::chrono::steady_clock::now();
  if (opened_) {
    const auto end = session_.stream_end();
    const auto* status = end ? nullptr : end.error().details.if_contains("status");
    const auto code = status && status->is_int64() ? status->get_int64() : 0;
    if (code == http_gone) {
      reader_.forget();  // what we have missed is forgotten: the next list tells how things are
    } else if (code > 0 && code < http_server_error) {
      refused_ = true;
      return;
    }
    if (now - tried_at_ < pause_between_tries) return;
  }
  tried_at_ = now;
  opened_ = true;
  HttpRequest request{.path = "/api/operations/events", .timeout = std::chrono::milliseconds(0)};
  request.headers.emplace_back("Accept", "text/event-stream");
  if (!reader_.last_id().empty()) request.headers.emplace_back("Last-Event-ID", reader_.last_id());
  session_.open_stream(request, [this](std::string_view bytes) { reader_.read(bytes); });
}

}  // namespace hub::cli
