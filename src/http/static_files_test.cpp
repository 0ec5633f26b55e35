#include "http/static_files.hpp"

#include <filesystem>

#include <doctest/doctest.h>

#include "base/files.hpp"
#include "base/process.hpp"
#include "http/gzip.hpp"

namespace hub::http {
namespace {

struct Page {
  Page() {
    REQUIRE(make_directories(root() / "assets"));
    put("index.html", "<!doctype html><title>hub</title>");
    put("assets/app-1a2b.js", std::string(5000, 'a'));
    put("assets/ready.css", "body{}");
    put("assets/ready.css.gz", "compressed before");
    REQUIRE(write_file_atomic(directory.path() / "secret", "secret"));
    fs::create_symlink(directory.path() / "secret", root() / "link.txt");
  }
  fs::path root() const { return directory.path() / "dist"; }
  void put(const char* name, std::string_view bytes) const {
    REQUIRE(write_file_atomic(root() / name, bytes));
  }
  TemporaryDirectory directory;
};

Response get(const StaticFiles& files, std::string path, Headers headers = {}) {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.headers = std::move(headers);
  return files.answer(request);
}

TEST_CASE("a page is served with its type, tag and how long it may be kept") {
  const Page page;
  const auto files = StaticFiles::read(page.root()).value();
  const auto index = get(files, "/");
  CHECK(index.status == 200);
  CHECK(index.bytes() == "<!doctype html><title>hub</title>");
  CHECK(index.header("Content-Type") == "text/html; charset=utf-8");
  CHECK(index.header("Cache-Control") == "no-cache");
  CHECK(index.header("ETag").size() == 34);
  const auto script = get(files, "/assets/app-1a2b.js");
  CHECK(script.header("Content-Type") == "text/javascript; charset=utf-8");
  CHECK(script.header("Cache-Control") == "public, max-age=31536000, immutable");
}

TEST_CASE("nothing outside the folder is served, whatever the path") {
  const Page page;
  const auto files = StaticFiles::read(page.root()).value();
  for (const auto* path : {"/../secret", "/link.txt", "/assets", "/assets/../index.html",
                           "//index.html", "/index.html/", "/assets/ready.css.gz"}) {
    CHECK_MESSAGE(get(files, path).status == 404, path);
  }
}

TEST_CASE("a client that takes gzip gets it, with another tag") {
  const Page page;
  const auto files = StaticFiles::read(page.root()).value();
  const auto plain = get(files, "/assets/app-1a2b.js", {{"accept-encoding", "br, gzip;q=0"}});
  const auto zipped = get(files, "/assets/app-1a2b.js", {{"accept-encoding", "br, gzip"}});
  CHECK(plain.bytes().size() == 5000);
  CHECK(plain.header("Content-Encoding").empty());
  CHECK(zipped.header("Content-Encoding") == "gzip");
  CHECK(zipped.bytes().size() < 200);
  CHECK(zipped.header("Vary") == "Accept-Encoding");
  CHECK(zipped.header("ETag") != plain.header("ETag"));
  const auto ready = get(files, "/assets/ready.css", {{"accept-encoding", "gzip"}});
  CHECK(ready.bytes() == "compressed before");
}

TEST_CASE("what gzip makes, gunzip reads") {
  std::string text;
  for (int at = 0; at < 20'000; ++at) text += std::to_string(at * 7919 % 1000);
  for (const auto& bytes : {std::string(), std::string("x"), text}) {
    const auto ran = run_process({.arguments = {"gzip", "-dc"}, .input = gzip(bytes)});
    REQUIRE(ran);
    CHECK(ran->exit_code == 0);
    CHECK(ran->output == bytes);
  }
}

TEST_CASE("a hub without its page says so, and how to get it") {
  const TemporaryDirectory directory;
  const auto files = StaticFiles::read(directory.path() / "dist").value();
  const auto answer = get(files, "/");
  CHECK(answer.status == 503);
  CHECK(answer.body.starts_with("The web page was not built"));
  CHECK(get(files, "/other").status == 404);
}

}  // namespace
}  // namespace hub::http
