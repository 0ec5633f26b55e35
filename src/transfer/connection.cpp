#include "transfer/connection.hpp"

#include <charconv>
#include <new>
#include <stdexcept>
#include <utility>

#include <curl/curl.h>

namespace hub::transfer {
namespace {

constexpr long buffer_bytes = 256L << 10;
constexpr int http_ok = 200, http_partial = 206, http_timeout = 408, http_too_early = 425,
              http_too_many = 429, http_unavailable = 503;

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct ContentRange {
  std::int64_t begin = 0, last = 0;
  std::optional<std::int64_t> size;
};

// "bytes 0-99/1234", "bytes 0-99/*"
std::optional<ContentRange> content_range(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const auto dash = text.find('-'), slash = text.find('/');
  if (dash == text.npos || slash == text.npos || slash < dash) return std::nullopt;
  const auto begin = number(text.substr(0, dash));
  const auto last = number(text.substr(dash + 1, slash - dash - 1));
  if (!begin || !last || *last < *begin) return std::nullopt;
  return ContentRange{*begin, *last, number(text.substr(slash + 1))};
}

}  // namespace

struct Connection::Wires {
  explicit Wires(CURLM* used) : multi(used), easy(curl_easy_init()) {
    if (!easy) throw std::bad_alloc();
  }
  ~Wires() { curl_multi_remove_handle(multi, easy.get()); }
  Wires(const Wires&) = delete;
  Wires& operator=(const Wires&) = delete;

  int status() const {
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }
  std::string header(const char* name) const {
    curl_header* found = nullptr;
    const auto code = curl_easy_header(easy.get(), name, 0, CURLH_HEADER, -1, &found);
    return code == CURLHE_OK ? found->value : "";
  }

  CURLM* multi;
  std::unique_ptr<CURL, EasyDeleter> easy;
  std::array<char, CURL_ERROR_SIZE> error{};
};

Connection::Connection(CURLM* multi, Ask ask, OnBytes on_bytes, std::chrono::milliseconds now)
    : ask_(std::move(ask)),
      on_bytes_(std::move(on_bytes)),
      wires_(std::make_unique<Wires>(multi)),
      at_(ask_.begin),
      heard_at_(now) {
  CURL* easy = wires_->easy.get();
  curl_easy_setopt(easy, CURLOPT_URL, ask_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "adaos-hub");
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, buffer_bytes);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_patience.count()));
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(redirects_max));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, wires_->error.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Connection::write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  if (ask_.form == Ask::Form::range) {
    const auto range = std::to_string(ask_.begin) + "-" + std::to_string(ask_.end - 1);
    curl_easy_setopt(easy, CURLOPT_RANGE, range.c_str());
  }
  if (curl_multi_add_handle(multi, easy) != CURLM_OK) {
    throw std::runtime_error("cannot fetch: libcurl takes no more requests");
  }
}

Connection::~Connection() = default;

CURL* Connection::handle() const { return wires_->easy.get(); }

void Connection::go_on(std::chrono::milliseconds now) {
  paused_ = false;
  heard_at_ = now;
  curl_easy_pause(wires_->easy.get(), CURLPAUSE_CONT);
}

// NOLINTNEXTLINE(readability-identifier-naming): libcurl's shape of a write callback
std::size_t Connection::write(char* bytes, std::size_t, std::size_t count, void* self) {
  return static_cast<Connection*>(self)->take({bytes, count});
}

std::size_t Connection::take(std::string_view bytes) {
  const auto all = bytes.size();
  if (!judged_ && !judge()) return 0;
  const auto room = ask_.end - at_;
  const bool too_much = std::cmp_greater(all, room);
  if (too_much && sends_whole_ && ask_.size) {
    stop_with(Outcome::lied,
              problem("it sends more than the file's " + std::to_string(*ask_.size) + " bytes",
                      "source_lies"));
    return 0;
  }
  if (too_much) bytes = bytes.substr(0, static_cast<std::size_t>(room));
  switch (on_bytes_(at_, bytes)) {
    case Taken::yes: break;
    case Taken::not_now: paused_ = true; return CURL_WRITEFUNC_PAUSE;
    case Taken::failed: stop_with(Outcome::stopped, {}); return 0;
  }
  at_ += static_cast<std::int64_t>(bytes.size());
  received_ += static_cast<std::int64_t>(bytes.size());
  if (!too_much) return all;
  full_ = true;  // more than was asked for
  return 0;
}

bool Connection::stop_with(Outcome outcome, Error error) {
  ended_ = Ended{outcome, std::move(error)};
  return false;
}

Error Connection::problem(const std::string& why, const std::string& reason) const {
  return Error{ErrorCode::unavailable,
               "cannot fetch " + ask_.shown + ": " + why,
               reason,
               "",
               {{"url", ask_.shown}}};
}

bool Connection::judge() {
  const int status = wires_->status();
  if (status == http_partial) return judge_range();
  if (status != http_ok) {
    ended_ = end_of_status(status);
    return false;
  }
  if (ask_.begin > 0) {
    return stop_with(Outcome::no_ranges, problem("it does not send parts of it", "no_ranges"));
  }
  curl_off_t length = -1;
  curl_easy_getinfo(wires_->easy.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length >= 0) size_told_ = length;
  if (ask_.size && size_told_ && *ask_.size != *size_told_) {
    return stop_with(Outcome::lied, problem("it has " + std::to_string(*size_told_) +
                                                " bytes instead of " + std::to_string(*ask_.size),
                                            "source_lies"));
  }
  judged_ = sends_whole_ = true;
  ask_.end = ask_.size ? *ask_.size : std::numeric_limits<std::int64_t>::max();
  return true;
}

bool Connection::judge_range() {
  const auto range = content_range(wires_->header("content-range"));
  if (!range || range->begin != ask_.begin) {
    return stop_with(Outcome::lied,
                     problem("it sends other bytes than it was asked for", "source_lies"));
  }
  size_told_ = range->size;
  if (ask_.size && size_told_ && *ask_.size != *size_told_) {
    return stop_with(Outcome::lied, problem("it has " + std::to_string(*size_told_) +
                                                " bytes instead of " + std::to_string(*ask_.size),
                                            "source_lies"));
  }
  if (!ask_.size && !size_told_) {
    return stop_with(Outcome::no_ranges, problem("it does not say how large it is", "no_ranges"));
  }
  judged_ = true;
  return true;
}

Ended Connection::end_of_status(int status) const {
  auto error = problem("the server answers " + std::to_string(status), "source_refused");
  error.details["status"] = status;
  if (status == http_too_many || status == http_unavailable) {
    curl_off_t wait_s = 0;
    curl_easy_getinfo(wires_->easy.get(), CURLINFO_RETRY_AFTER, &wait_s);
    error.reason = "source_busy";
    error.details["retry_after_s"] = wait_s;
    return {Outcome::told_wait, std::move(error), std::chrono::seconds(wait_s)};
  }
  if (status >= 500 || status == http_timeout || status == http_too_early) {
    error.reason = "source_failed";
    return {Outcome::cut, std::move(error)};
  }
  error.code = status == 404 || status == 410 ? ErrorCode::not_found : ErrorCode::invalid;
  error.hint = "check the address";
  return {Outcome::refused, std::move(error)};
}

Ended Connection::end(int curl_code) const {
  if (ended_) return *ended_;
  const auto code = static_cast<CURLcode>(curl_code);
  if (full_) return {};
  if (code == CURLE_OK && judged_) return {};
  if (code == CURLE_OK) {  // no body at all
    const int status = wires_->status();
    if (status == http_ok && ask_.begin == 0 && ask_.size.value_or(0) == 0) return {};
    if (status != http_ok && status != http_partial) return end_of_status(status);
    return {Outcome::cut, problem("it sends nothing", "source_failed")};
  }
  const std::string said(wires_->error.data());
  const auto why = said.empty() ? std::string(curl_easy_strerror(code)) : said;
  auto error = problem(why, "source_failed");
  const bool for_good = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_TOO_MANY_REDIRECTS ||
                        code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_URL_MALFORMAT;
  if (!for_good) return {Outcome::cut, std::move(error)};
  error.code = ErrorCode::invalid;
  error.reason = "source_refused";
  return {Outcome::refused, std::move(error)};
}

}  // namespace hub::transfer
