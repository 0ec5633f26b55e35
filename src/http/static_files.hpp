#pragma once
// The web page from memory: a directory is read once, at start, into a map from path to bytes.
// A request is a look-up in that map, so no path can lead out of the directory. Read-only after
// construction: any thread.

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "http/message.hpp"

namespace hub::http {

class StaticFiles {
 public:
  static constexpr std::size_t bytes_max = std::size_t{64} << 20U;  // of the whole directory

  // Reads regular files (symlinks are skipped). A missing directory is no error: then "/" says
  // that the web page was not built. invalid: larger than bytes_max.
  static Result<StaticFiles> read(const std::filesystem::path& directory);

  // "/" is /index.html. Files under /assets/ carry a hash in their name and are cached for ever;
  // the rest is asked for again each time, by ETag. `x.gz` beside `x` is sent to clients that
  // take gzip, and is no file of its own; others worth it are compressed at start. 404 otherwise.
  Response answer(const Request&) const;

  std::size_t size() const { return files_.size(); }

 private:
  struct File {
    std::shared_ptr<const std::string> plain, gzip;  // gzip may be null
    std::string type, etag, cache;
  };
  std::map<std::string, File, std::less<>> files_;
  bool built_ = false;
};

// Serves every path that no route has. The files must outlive the server.
class Router;
void add_static_files(Router&, const StaticFiles&);

}  // namespace hub::http
