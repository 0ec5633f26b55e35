#pragma once
// What clients have uploaded to be published, kept until it is, or for a day.
//
//   <folder>/<id>/<name>/…     whole and synced, or not there
//
// The id is made of the content: the same upload again is the same one. Blocking; any thread.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "base/time.hpp"
#include "git/repository.hpp"

namespace hub::registry {

struct UploadedFile {
  std::string path;  // below the artifact's directory, with '/'
  git::FileMode mode = git::FileMode::regular;
  std::string_view bytes;  // the request's
};

class Uploads {
 public:
  static constexpr std::size_t kept_max = 256;
  static constexpr std::chrono::hours kept_for{24};

  explicit Uploads(fs::path folder);

  struct Kept {
    std::string id;
    enum class Was { added, there_already } was = Was::added;
  };
  // invalid: the reasons of tree.hpp for paths and sizes, upload_empty, upload_duplicate_path;
  // exhausted with reason too_many_uploads.
  Result<Kept> keep(const std::string& name, const std::vector<UploadedFile>&) const;

  // not_found with reason upload_gone.
  Result<fs::path> find(const std::string& id, const std::string& name) const;
  void discard(const std::string& id) const;
  void sweep() const;  // what is older than a day

 private:
  fs::path folder_;
};

}  // namespace hub::registry
