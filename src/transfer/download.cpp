#include "transfer/download.hpp"

#include <algorithm>
#include <list>
#include <stdexcept>

#include <curl/curl.h>

#include "transfer/connection.hpp"
#include "transfer/mirrors.hpp"
#include "transfer/part_file.hpp"
#include "transfer/rate_limit.hpp"

namespace hub::transfer {
namespace {

constexpr std::int64_t chunk_max = std::int64_t{32} << 20U;
constexpr std::int64_t chunk_min = std::int64_t{1} << 20U;
constexpr std::chrono::milliseconds step_max{100}, step_when_held{10};
constexpr std::chrono::milliseconds telling_pause{50};

std::chrono::milliseconds steady_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

void start_library() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw std::runtime_error("cannot start libcurl");
}

class Download {
 public:
  explicit Download(const DownloadRequest& request)
      : request_(request),
        mirrors_(request.urls),
        size_(request.size_bytes),
        rate_(request.rate_limit_bytes_per_s, steady_now()) {
    start_library();
    multi_.reset(curl_multi_init());
    if (!multi_) throw std::bad_alloc();
  }

  Result<Downloaded> run() {
    HUB_CHECK(open_part());
    report_.found_bytes = part_->found_bytes();
    if (report_.found_bytes > 0) {
      say(std::to_string(report_.found_bytes) + " bytes of it are here already");
    }
    for (;;) {
      auto fetched = fetch();
      connections_.clear();
      if (!fetched) return tl::unexpected(std::move(fetched).error());
      HUB_CHECK(part_->settle());
      HUB_TRY(digest, part_->digest(*size_, request_.stop));
      if (digest == request_.sha256) break;
      HUB_CHECK(blame(digest));
    }
    report_.size_bytes = *size_;
    for (const auto& mirror : mirrors_.all()) {
      if (mirror.dropped) report_.dropped.push_back(mirror.shown);
    }
    return report_;
  }

 private:
  void say(const std::string& line) const {
    if (request_.log) request_.log(line);
  }
  bool stop_requested() const { return request_.stop && request_.stop(); }
  bool is_whole() const { return size_ && part_->bytes() >= *size_; }

  void tell(std::chrono::milliseconds now) {
    if (!request_.progress || now - told_at_ < telling_pause) return;
    told_at_ = now;
    request_.progress(part_->bytes(), size_);
  }

  Result<> open_part() {
    PartOptions options;
    options.free_bytes_min = request_.free_bytes_min;
    options.on_room = [multi = multi_.get()] { curl_multi_wakeup(multi); };
    HUB_TRY(opened, PartFile::open(request_.part, request_.sha256, request_.urls, options));
    part_ = std::move(opened);
    return {};
  }

  Result<> begin_anew() {
    connections_.clear();
    part_.reset();
    bytes_at_cut_ = 0;
    HUB_CHECK(PartFile::discard(request_.part));
    if (!request_.size_bytes) size_.reset();
    return open_part();
  }

  // What is there is not what was wanted.
  Result<> blame(const std::string& digest) {
    const auto sources = part_->there().sources();
    const Error error{ErrorCode::invalid,
                      "cannot use what was fetched: its SHA-256 is not the one that was asked for",
                      "content_mismatch",
                      "check the digest; if it is right, its source serves something else",
                      {{"expected", request_.sha256}, {"observed", digest}}};
    if (sources.contains(PartFile::elsewhere)) {
      say("what was here already does not fit; it is fetched anew");
    } else if (sources.size() == 1) {
      const int liar = *sources.begin();
      say(mirrors_.at(liar).shown + " serves other bytes and is not asked again");
      mirrors_.drop(liar, error);
    } else if (sources.empty()) {
      return tl::unexpected(error);  // an empty file is wanted, with the digest of another
    } else {
      say("what several mirrors gave does not fit together; each is tried alone");
      alone_ = true;
    }
    if (!mirrors_.any_usable()) {
      HUB_CHECK(begin_anew());
      return tl::unexpected(mirrors_.exhausted());
    }
    return begin_anew();
  }

  Result<> check_space() const {
    if (!size_) return {};
    std::error_code ec;
    const auto space = fs::space(request_.part.parent_path(), ec);
    const auto wanted = *size_ - part_->bytes() + request_.free_bytes_min;
    if (ec || std::cmp_greater_equal(space.available, wanted)) return {};
    return fail(ErrorCode::exhausted,
                "cannot fetch the file: " + std::to_string(space.available >> 20U) +
                    " MiB are free on its disk, and " + std::to_string(wanted >> 20) +
                    " MiB are needed",
                "disk_full", "free some space; it goes on where it was",
                {{"free_bytes", space.available}, {"needed_bytes", wanted}});
  }

  Result<> fetch() {
    HUB_CHECK(check_space());
    while (!is_whole()) {
      if (stop_requested()) {
        connections_.clear();
        HUB_CHECK(part_->settle());
        return fail(ErrorCode::cancelled, "stopped");
      }
      HUB_CHECK(part_->trouble());
      if (write_error_) return tl::unexpected(*write_error_);
      const auto now = steady_now();
      if (!mirrors_.any_usable()) {
        HUB_CHECK(part_->settle());
        return tl::unexpected(mirrors_.exhausted());
      }
      HUB_CHECK(begin_some(now));
      HUB_CHECK(go_on(now));
      tell(now);
    }
    return {};
  }

  // As many connections as may be useful now.
  Result<> begin_some(std::chrono::milliseconds now) {
    const auto have = part_->bytes() > 0 ? Mirrors::Have::some : Mirrors::Have::nothing;
    const auto chosen = mirrors_.choose(now, have);
    if (!chosen) return {};
    if (alone_ && part_->bytes() > 0 && !part_->there().sources().contains(*chosen)) {
      say("begins again, from " + mirrors_.at(*chosen).shown + " alone");
      return begin_anew();
    }
    const auto& mirror = mirrors_.at(*chosen);
    if (mirror.ranges == Ranges::ignored) {
      if (connections_.empty()) begin({0, size_.value_or(0), *chosen}, Ask::Form::whole);
      return {};
    }
    // One, until it is known whether the server sends parts at all.
    const auto allowed = mirror.ranges == Ranges::answered && size_ ? request_.connections : 1;
    while (connections_.size() < allowed) {
      const auto free = next_free();
      if (!free) return {};
      begin({free->begin, free->end, *chosen}, Ask::Form::range);
    }
    return {};
  }

  // The first missing bytes that no connection is to bring.
  std::optional<Extent> next_free() const {
    auto claimed = part_->there();
    for (const auto& one : connections_) claimed.add({one->at(), one->ask().end, 0});
    if (!size_) {
      const auto from = claimed.prefix();
      return Extent{from, from + chunk_min};
    }
    const auto left = *size_ - part_->bytes();
    const auto share = left / static_cast<std::int64_t>(request_.connections);
    return claimed.gap(0, *size_, std::clamp(share, chunk_min, chunk_max));
  }

  void begin(const Extent& wanted, Ask::Form form) {
    const auto& mirror = mirrors_.at(wanted.source);
    Ask ask{mirror.url, mirror.shown, wanted.source, wanted.begin, wanted.end, size_, form};
    connections_.push_back(std::make_unique<Connection>(
        multi_.get(), std::move(ask),
        [this, source = wanted.source](std::int64_t at, std::string_view bytes) {
          return take(at, bytes, source);
        },
        steady_now()));
  }

  Connection::Taken take(std::int64_t at, std::string_view bytes, int source) {
    if (!part_->has_room() || !rate_.may_take(steady_now())) return Connection::Taken::not_now;
    auto wrote = part_->write(at, bytes, source);
    if (!wrote) {
      write_error_ = std::move(wrote).error();
      return Connection::Taken::failed;
    }
    const auto count = static_cast<std::int64_t>(bytes.size());
    rate_.take(count);
    report_.received_bytes += count;
    if (*wrote > 0) mirrors_.gave_bytes(source);
    return Connection::Taken::yes;
  }

  Result<> go_on(std::chrono::milliseconds now) {
    bool held = false;
    for (const auto& one : connections_) {
      if (!one->is_paused()) continue;
      if (part_->has_room() && rate_.may_take(now)) one->go_on(now);
      held = held || one->is_paused();
    }
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    look_at_answers();
    HUB_CHECK(read_ends());
    give_up_silent(steady_now());
    if (is_whole()) return {};
    auto pause = held ? step_when_held : step_max;
    if (connections_.empty()) {
      pause = std::clamp(mirrors_.next_at() - steady_now(), std::chrono::milliseconds(0), step_max);
    }
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(pause.count()), nullptr);
    return {};
  }

  void look_at_answers() {
    for (const auto& one : connections_) {
      if (!one->answered()) continue;
      const bool ranges = !one->sends_whole();
      mirrors_.answers_ranges(one->ask().mirror, ranges ? Ranges::answered : Ranges::ignored);
      if (!size_) size_ = one->size_told();
    }
  }

  Result<> read_ends() {
    int left = 0;
    const auto cuts = report_.cuts;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURL* handle = message->easy_handle;
      const auto code = message->data.result;
      const auto found = std::ranges::find_if(
          connections_, [&](const auto& one) { return one->handle() == handle; });
      if (found == connections_.end()) continue;
      const auto connection = std::move(*found);
      connections_.erase(found);
      HUB_CHECK(ended(*connection, connection->end(code)));
    }
    if (report_.cuts > cuts) bytes_at_cut_ = part_->bytes();  // of all that were cut at once
    return {};
  }

  Result<> ended(const Connection& connection, const Ended& end) {
    const int mirror = connection.ask().mirror;
    const auto now = steady_now();
    if (connection.answered() && !size_) size_ = connection.size_told();
    switch (end.outcome) {
      case Outcome::stopped: return {};
      case Outcome::done:
        // Its size was not known: it is what came. Or there is nothing.
        if (!size_ && (connection.sends_whole() || connection.received() == 0)) {
          size_ = connection.at();
        }
        if (connection.sends_whole() && connection.at() < *size_) {
          mirrors_.drop(mirror, short_of(connection));
        } else if (connection.received() == 0 && !is_whole()) {
          mirrors_.failed(mirror, nothing_came(connection), now);
        }
        return check_space();
      case Outcome::no_ranges: mirrors_.answers_ranges(mirror, Ranges::ignored); return {};
      case Outcome::refused:
      case Outcome::lied:
        say("dropped: " + end.error.message);
        mirrors_.drop(mirror, end.error);
        return {};
      case Outcome::told_wait:
        say("waits: " + end.error.message);
        mirrors_.rest(mirror, end.error, now, end.wait.value_or(std::chrono::seconds(0)));
        return {};
      case Outcome::cut: cut(connection, end.error, now); return {};
    }
    return {};
  }

  static Error nothing_came(const Connection& connection) {
    return Error{
        ErrorCode::unavailable,
        "cannot fetch " + connection.ask().shown + ": it sends nothing of what it was asked for",
        "source_failed",
        "",
        {}};
  }

  Error short_of(const Connection& connection) const {
    return Error{ErrorCode::unavailable,
                 "cannot fetch " + connection.ask().shown + ": it ends after " +
                     std::to_string(connection.at()) + " of " + std::to_string(*size_) + " bytes",
                 "source_lies",
                 "",
                 {}};
  }

  // A connection that brought something new is replaced at once.
  void cut(const Connection& connection, const Error& error, std::chrono::milliseconds now) {
    report_.cuts += 1;
    say("cut: " + error.message);
    const bool brought = connection.received() > 0 && part_->bytes() > bytes_at_cut_;
    if (!brought) mirrors_.failed(connection.ask().mirror, error, now);
  }

  void give_up_silent(std::chrono::milliseconds now) {
    for (const auto& one : connections_) {
      const auto [known, fresh] = heard_.try_emplace(one.get(), one->received());
      if (one->is_paused() || fresh || known->second != one->received()) {
        known->second = one->received();
        one->heard(now);
      }
    }
    std::erase_if(connections_, [&](const auto& one) {
      if (now - one->silent_since() < request_.stall) return false;
      cut(*one,
          Error{ErrorCode::unavailable,
                "cannot fetch " + one->ask().shown + ": nothing came for " +
                    std::to_string(request_.stall.count()) + " ms",
                "source_stalled",
                "",
                {}},
          now);
      return true;
    });
    std::erase_if(heard_, [&](const auto& known) {
      return std::ranges::none_of(connections_,
                                  [&](const auto& one) { return one.get() == known.first; });
    });
  }

  const DownloadRequest& request_;
  Mirrors mirrors_;
  std::optional<std::int64_t> size_;
  RateLimit rate_;
  std::unique_ptr<CURLM, MultiDeleter> multi_;  // the part and the connections use it
  std::unique_ptr<PartFile> part_;
  std::list<std::unique_ptr<Connection>> connections_;
  std::map<const Connection*, std::int64_t> heard_;
  std::optional<Error> write_error_;
  std::int64_t bytes_at_cut_ = 0;
  std::chrono::milliseconds told_at_{0};
  bool alone_ = false;  // never bytes of two mirrors in one file
  Downloaded report_;
};

}  // namespace

Result<Downloaded> download(const DownloadRequest& request) { return Download(request).run(); }

}  // namespace hub::transfer
