#include "http/multipart.hpp"

#include <doctest/doctest.h>

namespace hub::http {
namespace {

Request form_of(std::string body, std::string boundary = "--=_b") {
  Request request;
  request.headers = {{"content-type", "Multipart/Form-Data; charset=utf-8; boundary=\"" +
                                          std::move(boundary) + "\""}};
  request.body = std::move(body);
  return request;
}

std::string reason_of(const Request& request) {
  const auto parts = read_multipart(request);
  return parts ? "" : parts.error().reason;
}

TEST_CASE("fields and files come out of a form as they went in") {
  const auto request = form_of(
      "a preamble that nobody reads\r\n"
      "----=_b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nтекст\r\nof two lines\r\n"
      "----=_b  \r\ncontent-type: text/plain\r\n"
      "CONTENT-DISPOSITION:form-data;filename=\"a \\\"b\\\"; c.py\"; name=file\r\n\r\n"
      "\r\n----=_\r\nx\r\n"
      "----=_b\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n----=_b--\r\nepilogue");
  const auto parts = read_multipart(request);
  REQUIRE_MESSAGE(parts, parts.error().message);
  REQUIRE(parts->size() == 3);
  CHECK((*parts)[0].name == "message");
  CHECK_FALSE((*parts)[0].file_name);
  CHECK((*parts)[0].bytes == "текст\r\nof two lines");
  CHECK((*parts)[1].name == "file");
  CHECK((*parts)[1].file_name == "a \"b\"; c.py");
  CHECK((*parts)[1].bytes.starts_with("\r\n----=_\r\n"));
  CHECK((*parts)[2].bytes.empty());
}

TEST_CASE("a body that is no form is refused, wherever it ends") {
  const std::string whole =
      "----=_b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n----=_b--";
  CHECK(reason_of(form_of(whole)).empty());
  for (std::size_t size = 0; size < whole.size() - 2; ++size) {
    CHECK(reason_of(form_of(whole.substr(0, size))) == "body_not_multipart");
  }
  CHECK(reason_of(form_of(whole, "")) == "body_not_multipart");
  CHECK(reason_of(form_of("----=_b\r\n\r\n1\r\n----=_b--")) == "body_not_multipart");
  CHECK(reason_of(form_of("----=_b\r\nno colon\r\n\r\n1\r\n----=_b--")) == "body_not_multipart");
  Request json;
  json.headers = {{"content-type", "application/json"}};
  CHECK(reason_of(json) == "body_not_multipart");
}

TEST_CASE("a form of too many parts is refused") {
  std::string body;
  for (std::size_t at = 0; at <= parts_max; ++at) {
    body += "----=_b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n";
  }
  CHECK(reason_of(form_of(body + "----=_b--")) == "too_many_parts");
}

}  // namespace
}  // namespace hub::http
