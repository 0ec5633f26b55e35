#include "transfer/source_url.hpp"

#include <memory>

#include <curl/curl.h>

namespace hub::transfer {
namespace {

constexpr std::size_t url_length_max = 4096;

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

Url parsed(const std::string& text) {
  Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return nullptr;
  return url;
}

std::string part_of(const Url& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return {};
  std::string kept(text);
  curl_free(text);
  return kept;
}

}  // namespace

std::string shown_url(const std::string& text) {
  const auto url = parsed(text);
  if (!url) return "an unreadable URL";
  for (const auto part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY,
                          CURLUPART_FRAGMENT}) {
    curl_url_set(url.get(), part, nullptr, 0);
  }
  return part_of(url, CURLUPART_URL);
}

Result<> check_source_url(const std::string& text) {
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorCode::invalid, "cannot fetch from " + shown_url(text) + ": " + why,
                "bad_source_url", "give an address that begins with http:// or https://",
                {{"url", shown_url(text)}});
  };
  if (text.size() > url_length_max) return refuse("it is longer than 4096 characters");
  const auto url = parsed(text);
  if (!url) return refuse("it is no URL");
  const auto scheme = part_of(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return refuse("only http and https are spoken");
  if (part_of(url, CURLUPART_HOST).empty()) return refuse("it names no host");
  return {};
}

}  // namespace hub::transfer
