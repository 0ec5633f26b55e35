#include "http/static_files.hpp"

#include <algorithm>
#include <array>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "http/gzip.hpp"
#include "http/router.hpp"

namespace hub::http {
namespace {

constexpr std::size_t gzip_bytes_min = 512;  // below, the head of the answer is what counts

struct Type {
  std::string_view extension, type;
  enum class Compress { no, yes } compress;
};

constexpr auto types = std::to_array<Type>({
    {".html", "text/html; charset=utf-8", Type::Compress::yes},
    {".js", "text/javascript; charset=utf-8", Type::Compress::yes},
    {".mjs", "text/javascript; charset=utf-8", Type::Compress::yes},
    {".css", "text/css; charset=utf-8", Type::Compress::yes},
    {".json", "application/json", Type::Compress::yes},
    {".map", "application/json", Type::Compress::yes},
    {".webmanifest", "application/manifest+json", Type::Compress::yes},
    {".svg", "image/svg+xml", Type::Compress::yes},
    {".txt", "text/plain; charset=utf-8", Type::Compress::yes},
    {".ftl", "text/plain; charset=utf-8", Type::Compress::yes},
    {".wasm", "application/wasm", Type::Compress::yes},
    {".ico", "image/x-icon", Type::Compress::no},
    {".png", "image/png", Type::Compress::no},
    {".jpg", "image/jpeg", Type::Compress::no},
    {".webp", "image/webp", Type::Compress::no},
    {".woff2", "font/woff2", Type::Compress::no},
});

constexpr Type other{"", "application/octet-stream", Type::Compress::no};

const Type& type_of(const fs::path& path) {
  const auto extension = path.extension().string();
  const auto found = std::find_if(types.begin(), types.end(),
                                  [&](const Type& type) { return type.extension == extension; });
  return found == types.end() ? other : *found;
}

// "gzip", but not "gzip;q=0".
bool takes_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto end = std::min(accept_encoding.find(','), accept_encoding.size());
    auto one = accept_encoding.substr(0, end);
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    if (!one.starts_with("gzip")) continue;
    const auto weight = one.find("q=0");
    const bool refused = weight != std::string_view::npos &&
                         one.find_first_of("123456789", weight + 2) == std::string_view::npos;
    return !refused;
  }
  return false;
}

Response not_built() {
  return text(503,
              "The web page was not built: the hub found no folder with it.\n"
              "Run `npm ci && npm run build` in web/, or scripts/run, and start the hub again.\n"
              "The API is there: /health/live, /api/ping.\n");
}

}  // namespace

Result<StaticFiles> StaticFiles::read(const fs::path& directory) {
  StaticFiles out;
  std::error_code ec;
  if (!fs::is_directory(directory, ec)) return out;
  out.built_ = true;
  std::map<std::string, std::shared_ptr<const std::string>> found;
  std::size_t total = 0;
  for (auto at = fs::recursive_directory_iterator(directory, ec);
       !ec && at != fs::recursive_directory_iterator(); at.increment(ec)) {
    if (at->is_symlink() || !at->is_regular_file()) continue;
    HUB_TRY(bytes, read_file(at->path(), bytes_max - total));
    total += bytes.size();
    found["/" + fs::relative(at->path(), directory).generic_string()] =
        std::make_shared<const std::string>(std::move(bytes));
  }
  if (ec) {
    return fail(ErrorCode::unavailable,
                "cannot read the web page in " + directory.string() + ": " + ec.message());
  }
  for (const auto& [path, bytes] : found) {
    if (path.ends_with(".gz") && found.contains(path.substr(0, path.size() - 3))) continue;
    const auto& type = type_of(path);
    File file{
        .plain = bytes,
        .gzip = {},
        .type = std::string(type.type),
        .etag = to_hex(sha256(*bytes)).substr(0, 32),
        .cache = path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache"};
    if (const auto ready = found.find(path + ".gz"); ready != found.end()) {
      file.gzip = ready->second;
    } else if (type.compress == Type::Compress::yes && bytes->size() >= gzip_bytes_min) {
      auto smaller = std::make_shared<const std::string>(gzip(*bytes));
      if (smaller->size() < bytes->size()) file.gzip = std::move(smaller);
    }
    out.files_.emplace(path, std::move(file));
  }
  return out;
}

Response StaticFiles::answer(const Request& request) const {
  const std::string path = request.path == "/" ? "/index.html" : request.path;
  const auto found = files_.find(path);
  if (found == files_.end()) {
    if (!built_ && request.path == "/") return not_built();
    return problem({.code = ErrorCode::not_found,
                    .message = "cannot find " + request.path + ": no such page or route",
                    .reason = "route_not_found",
                    .hint = {},
                    .details = {}});
  }
  const File& file = found->second;
  const bool gzipped = file.gzip && takes_gzip(request.header("accept-encoding"));
  Response response;
  response.shared_body = gzipped ? file.gzip : file.plain;
  response.set_header("Content-Type", file.type);
  response.set_header("ETag", "\"" + file.etag + (gzipped ? "-gz\"" : "\""));
  response.set_header("Cache-Control", file.cache);
  if (file.gzip) response.set_header("Vary", "Accept-Encoding");
  if (gzipped) response.set_header("Content-Encoding", "gzip");
  return response;
}

void add_static_files(Router& router, const StaticFiles& files) {
  router.set_fallback(
      inline_handler([&files](const Request& request) { return files.answer(request); }));
}

}  // namespace hub::http
