#pragma once
// A model: a named folder of large files, each known by its SHA-256.
// On disk: <base>/models/<name>/model.json beside the files. On the wire: GET /api/models.

#include "base/json.hpp"
#include "contracts/operation_state.hpp"

namespace hub::models {

struct ModelFile {
  std::string path;  // below the model's folder, with '/'
  std::int64_t size = 0;
  std::string sha256;  // 64 lower-case hex digits
};
BOOST_DESCRIBE_STRUCT(ModelFile, (), (path, size, sha256))

struct Model {
  std::string name;
  std::int64_t size = 0;
  std::vector<ModelFile> files;
  Time downloaded_at{};
  OperationId operation_id;           // that brought it
  std::optional<std::string> broken;  // why it cannot be used; of the files as they are
};
BOOST_DESCRIBE_STRUCT(Model, (), (name, size, files, downloaded_at, operation_id, broken))

// A file that is wanted.
struct WantedFile {
  std::string path;
  std::optional<std::int64_t> size;
  std::string sha256;
  std::vector<std::string> urls;  // mirrors, the preferred one first
};
BOOST_DESCRIBE_STRUCT(WantedFile, (), (path, size, sha256, urls))

// What model.download takes as its parameters.
struct WantedModel {
  std::vector<WantedFile> files;
  std::int64_t connections = 4;             // for each file
  std::int64_t rate_limit_bytes_per_s = 0;  // 0: none
};
BOOST_DESCRIBE_STRUCT(WantedModel, (), (files, connections, rate_limit_bytes_per_s))

inline constexpr std::size_t files_max = 1000;
inline constexpr std::size_t urls_max = 16;  // of one file
inline constexpr std::int64_t connections_max = 16;

// invalid: "bad_model_name".
Result<> check_name(const std::string& name);

// Reads and checks the parameters. invalid: the path of the first bad field ("bad_path",
// "bad_sha256", "bad_source_url", "field_type", "files_missing", "too_many").
Result<WantedModel> read_wanted(const boost::json::object& params);

// The sum of the sizes; absent when one of them is unknown.
std::optional<std::int64_t> size_of(const WantedModel&);

}  // namespace hub::models
