#include "cli/http_session.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include <curl/curl.h>

#include "cli/hub_place.hpp"

namespace hub::cli {
namespace {

constexpr long connect_timeout_ms = 5'000;
constexpr std::chrono::milliseconds step_max{1'000};

void start_library() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw std::runtime_error("cannot start libcurl");
}

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

}  // namespace

struct HttpSession::Wires {
  Wires() : multi(curl_multi_init()) {
    if (!multi) throw std::bad_alloc();
  }
  ~Wires() { curl_multi_cleanup(multi); }
  Wires(const Wires&) = delete;
  Wires& operator=(const Wires&) = delete;
  CURLM* multi;
  std::map<CURL*, Transfer*> transfers;  // those under way
};

struct HttpSession::Transfer {
  explicit Transfer(Wires& used) : wires(used), easy(curl_easy_init()) {
    if (!easy) throw std::bad_alloc();
  }
  ~Transfer() {
    if (wires.transfers.erase(easy.get()) > 0) curl_multi_remove_handle(wires.multi, easy.get());
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void add_header(const std::string& line) {
    auto* head = headers.release();
    auto* longer = curl_slist_append(head, line.c_str());
    headers.reset(longer ? longer : head);
    if (!longer) throw std::bad_alloc();
  }

  int status() const {
    long number = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &number);
    return static_cast<int>(number);
  }

  std::string header(const char* name) const {
    curl_header* found = nullptr;
    const auto code_of_it = curl_easy_header(easy.get(), name, 0, CURLH_HEADER, -1, &found);
    return code_of_it == CURLHE_OK ? found->value : "";
  }

  // Whether the server may have seen the request.
  bool may_have_arrived() const {
    long sent = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_REQUEST_SIZE, &sent);
    return sent > 0;
  }

  // NOLINTNEXTLINE(readability-identifier-naming): libcurl's shape of a write callback
  static std::size_t write(char* bytes, std::size_t, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view text(bytes, count);
    if (transfer.on_bytes && transfer.status() == 200) {
      transfer.on_bytes(text);
      return count;
    }
    if (transfer.answer.body.size() + count > body_bytes_max) return 0;
    transfer.answer.body.append(text);
    return count;
  }

  Wires& wires;
  std::unique_ptr<CURL, EasyDeleter> easy;
  std::unique_ptr<curl_slist, ListDeleter> headers;
  std::string body;
  HttpAnswer answer;
  OnBytes on_bytes;
  bool done = false;
  CURLcode code = CURLE_OK;
};

HttpSession::HttpSession(std::string url, std::string token)
    : url_(std::move(url)), token_(std::move(token)) {
  start_library();
  wires_ = std::make_unique<Wires>();
}

HttpSession::~HttpSession() = default;

void HttpSession::move_to(std::string url, std::string token) {
  url_ = std::move(url);
  token_ = std::move(token);
}

std::unique_ptr<HttpSession::Transfer> HttpSession::begin(const HttpRequest& request,
                                                          OnBytes on_bytes) {
  auto transfer = std::make_unique<Transfer>(*wires_);
  CURL* easy = transfer->easy.get();
  transfer->on_bytes = std::move(on_bytes);
  transfer->body = request.body;
  curl_easy_setopt(easy, CURLOPT_URL, (url_ + request.path).c_str());
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
  // A hub on this machine is asked directly, whatever the environment says of proxies.
  if (is_loopback(url_)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  transfer->add_header("Authorization: Bearer " + token_);
  if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(transfer->body.size()));
    transfer->add_header("Content-Type: application/json");
  }
  for (const auto& [name, value] : request.headers) {
    std::string line = name;
    transfer->add_header(line.append(": ").append(value));
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers.get());
  if (curl_multi_add_handle(wires_->multi, easy) != CURLM_OK) {
    throw std::runtime_error("cannot begin a request: libcurl refuses");
  }
  wires_->transfers.emplace(easy, transfer.get());
  return transfer;
}

namespace {

tl::unexpected<Error> unreachable(const std::string& url, CURLcode code, bool sent) {
  std::string why = curl_easy_strerror(code);
  if (code == CURLE_COULDNT_CONNECT) why = "nothing listens there";
  if (code == CURLE_OPERATION_TIMEDOUT) why = "it does not answer in time";
  if (code == CURLE_WRITE_ERROR) why = "its answer is too large";
  if (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE) {
    why = "it went away while it was asked";
  }
  return fail(ErrorCode::unavailable, "cannot reach the hub at " + url + ": " + why,
              "hub_unreachable", {}, {{"url", url}, {"sent", sent}});
}

tl::unexpected<Error> interrupted() {
  return fail(ErrorCode::cancelled, "interrupted", "interrupted");
}

}  // namespace

Result<HttpAnswer> HttpSession::ask(const HttpRequest& request) {
  const auto transfer = begin(request, {});
  while (!transfer->done) HUB_CHECK(step(step_max));
  if (transfer->code != CURLE_OK) {
    return unreachable(url_, transfer->code, transfer->may_have_arrived());
  }
  transfer->answer.status = transfer->status();
  transfer->answer.content_type = transfer->header("Content-Type");
  transfer->answer.next_offset = transfer->header("X-Next-Offset");
  return std::move(transfer->answer);
}

void HttpSession::open_stream(const HttpRequest& request, OnBytes on_bytes) {
  stream_.reset();
  stream_ = begin(request, std::move(on_bytes));
}

bool HttpSession::stream_is_open() const { return stream_ && !stream_->done; }

void HttpSession::close_stream() { stream_.reset(); }

Result<> HttpSession::stream_end() const {
  if (!stream_) return {};
  if (stream_->code != CURLE_OK) {
    return unreachable(url_, stream_->code, stream_->may_have_arrived());
  }
  if (stream_->status() == 200) return {};
  return fail(ErrorCode::unavailable, "the hub refuses the stream", "refused", {},
              {{"status", stream_->status()}, {"body", stream_->answer.body}});
}

Result<> HttpSession::wait(std::chrono::milliseconds how_long) { return step(how_long); }

Result<> HttpSession::step(std::chrono::milliseconds how_long) {
  int running = 0;
  curl_multi_perform(wires_->multi, &running);
  int left = 0;
  bool ended = false;
  while (const auto* message = curl_multi_info_read(wires_->multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    auto& transfer = *wires_->transfers.at(message->easy_handle);
    transfer.code = message->data.result;
    transfer.done = true;
    ended = true;
  }
  if (ended) return {};
  std::vector<curl_waitfd> waits;
  for (const auto& [descriptor, on_readable] : listeners_) {
    waits.push_back({descriptor, CURL_WAIT_POLLIN, 0});
  }
  int ready = 0;
  curl_multi_poll(wires_->multi, waits.data(), static_cast<unsigned>(waits.size()),
                  static_cast<int>(how_long.count()), &ready);
  for (const auto& wait : waits) {
    if (wait.revents == 0) continue;
    const auto found =
        std::ranges::find(listeners_, wait.fd, [](const auto& l) { return l.first; });
    if (found == listeners_.end()) continue;  // an earlier one has ended its subscription
    const auto on_readable = found->second;   // it may change the list
    if (on_readable() == GoOn::no) return interrupted();
  }
  return {};
}

void HttpSession::listen_to(int descriptor, OnReadable on_readable) {
  ignore(descriptor);
  listeners_.emplace_back(descriptor, std::move(on_readable));
}

void HttpSession::ignore(int descriptor) {
  std::erase_if(listeners_, [&](const auto& listener) { return listener.first == descriptor; });
}

}  // namespace hub::cli
