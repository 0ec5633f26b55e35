#include "transfer/mirrors.hpp"

#include <algorithm>

#include "transfer/source_url.hpp"

namespace hub::transfer {

Mirrors::Mirrors(const std::vector<std::string>& urls) {
  for (const auto& url : urls) {
    Mirror mirror;
    mirror.url = url;
    mirror.shown = shown_url(url);
    all_.push_back(std::move(mirror));
  }
}

std::optional<int> Mirrors::choose(std::chrono::milliseconds now, Have have) {
  const auto count = static_cast<int>(all_.size());
  std::optional<int> without_ranges;
  for (int i = 0; i < count; ++i) {
    const int number = (last_ + i) % count;
    const auto& mirror = at(number);
    if (!mirror.usable() || mirror.rests_until > now) continue;
    if (have == Have::some && mirror.ranges == Ranges::ignored) {
      if (!without_ranges) without_ranges = number;
      continue;
    }
    last_ = number;
    return number;
  }
  if (without_ranges) last_ = *without_ranges;
  return without_ranges;
}

std::chrono::milliseconds Mirrors::next_at() const {
  auto next = std::chrono::milliseconds::max();
  for (const auto& mirror : all_) {
    if (mirror.usable()) next = std::min(next, mirror.rests_until);
  }
  return next;
}

bool Mirrors::any_usable() const { return std::ranges::any_of(all_, &Mirror::usable); }

Error Mirrors::exhausted() const {
  boost::json::array causes;
  const Mirror* telling = nullptr;
  for (const auto& mirror : all_) {
    const auto& why = mirror.given_up ? mirror.given_up : mirror.dropped;
    if (!why) continue;
    causes.push_back({{"code", why->reason}, {"message", why->message}});
    // Who may serve later counts most, then who serves something else.
    const auto weight = [](const Mirror& one) {
      return one.given_up ? 2 : one.dropped->reason == "content_mismatch" ? 1 : 0;
    };
    if (!telling || weight(mirror) > weight(*telling)) telling = &mirror;
  }
  if (!telling) return Error{ErrorCode::invalid, "cannot fetch: no mirror was asked", "", "", {}};
  Error error = telling->given_up ? *telling->given_up : *telling->dropped;
  if (all_.size() > 1) error.details["causes"] = std::move(causes);
  error.details["mirrors"] = static_cast<std::int64_t>(all_.size());
  return error;
}

void Mirrors::gave_bytes(int number) { ref(number).failures = 0; }

void Mirrors::failed(int number, const Error& error, std::chrono::milliseconds now) {
  auto& mirror = ref(number);
  mirror.last_failure = error;
  if (++mirror.failures >= failures_max) {
    mirror.given_up = error;
    return;
  }
  const auto rest = std::min(rest_max, rest_first * (1 << (mirror.failures - 1)));
  mirror.rests_until = std::max(mirror.rests_until, now + rest);
}

void Mirrors::rest(int number, const Error& error, std::chrono::milliseconds now,
                   std::chrono::seconds wait) {
  failed(number, error, now);
  auto& mirror = ref(number);
  if (wait > wait_max) {
    mirror.given_up = error;
    mirror.given_up->code = ErrorCode::conflict;  // asking again soon is what it does not want
    mirror.given_up->hint = "ask again when the server's wait is over";
    return;
  }
  mirror.rests_until = std::max(mirror.rests_until, now + std::chrono::milliseconds(wait));
}

void Mirrors::drop(int number, const Error& error) {
  if (!at(number).dropped) ref(number).dropped = error;
}

}  // namespace hub::transfer
