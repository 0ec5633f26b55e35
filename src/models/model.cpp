#include "models/model.hpp"

#include <algorithm>
#include <set>

#include "transfer/source_url.hpp"

namespace hub::models {
namespace {

constexpr std::size_t name_length_max = 128;
constexpr std::size_t path_length_max = 1024;
constexpr std::size_t segment_length_max = 255;
constexpr std::int64_t size_max = std::int64_t{1} << 50;
constexpr const char* manifest = "model.json";

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Why a path may not be a file of a model; empty: it may.
std::string fault_of_path(const std::string& path) {
  if (path.empty()) return "it is empty";
  if (path.size() > path_length_max) return "it is longer than 1024 bytes";
  if (path.front() == '/') return "it begins with /";
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') {
      return "it holds a character that no path of a model may hold";
    }
  }
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const auto segment = std::string_view(path).substr(at, end - at);
    if (segment.empty()) return "it has an empty part";
    if (segment == "." || segment == "..") return "it leads out of the model's folder";
    if (segment.size() > segment_length_max) return "a part of it is longer than 255 bytes";
    at = end + 1;
  }
  if (path == manifest) return "the hub writes that file itself";
  return {};
}

tl::unexpected<Error> bad(const std::string& where, const std::string& why,
                          const std::string& reason) {
  return fail(ErrorCode::invalid, "cannot download a model: " + where + ": " + why, reason, {},
              {{"path", where}});
}

Result<> check_file(const WantedFile& file, const std::string& at) {
  if (const auto fault = fault_of_path(file.path); !fault.empty()) {
    return bad(at + ".path", fault, "bad_path");
  }
  const bool hex = std::ranges::all_of(
      file.sha256, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (file.sha256.size() != 64 || !hex) {
    return bad(at + ".sha256", "want 64 hexadecimal digits", "bad_sha256");
  }
  if (file.size && (*file.size < 0 || *file.size > size_max)) {
    return bad(at + ".size", "want a number of bytes", "field_type");
  }
  if (file.urls.empty()) return bad(at + ".urls", "want at least one address", "field_type");
  if (file.urls.size() > urls_max) {
    return bad(at + ".urls", "at most " + std::to_string(urls_max), "too_many");
  }
  for (const auto& url : file.urls) HUB_CHECK(transfer::check_source_url(url));
  return {};
}

// Two files of one name, or one that is a folder of another.
Result<> check_together(const std::vector<WantedFile>& files) {
  std::set<std::string> folders, names;
  for (const auto& file : files) {
    for (auto at = file.path.find('/'); at != std::string::npos; at = file.path.find('/', at + 1)) {
      folders.insert(file.path.substr(0, at));
    }
  }
  for (const auto& file : files) {
    if (!names.insert(file.path).second) {
      return bad("params.files", "there are two of " + file.path, "bad_path");
    }
    if (folders.contains(file.path)) {
      return bad("params.files", file.path + " is a file and a folder", "bad_path");
    }
  }
  return {};
}

Result<std::int64_t> number_in(const boost::json::object& params, const char* name,
                               std::int64_t otherwise, std::int64_t least, std::int64_t most) {
  const auto* found = params.if_contains(name);
  if (!found || found->is_null()) return otherwise;
  if (found->is_int64() && found->get_int64() >= least && found->get_int64() <= most) {
    return found->get_int64();
  }
  return bad(std::string("params.") + name,
             "want a whole number from " + std::to_string(least) + " to " + std::to_string(most),
             "field_type");
}

}  // namespace

Result<> check_name(const std::string& name) {
  const bool well_formed = !name.empty() && name.size() <= name_length_max &&
                           is_alnum(name.front()) && std::ranges::all_of(name, [](char c) {
                             return is_alnum(c) || c == '_' || c == '.' || c == '-';
                           });
  if (well_formed) return {};
  return fail(ErrorCode::invalid, "cannot use \"" + name + "\" as the name of a model",
              "bad_model_name",
              "use letters, digits, '_', '.' and '-', a letter or digit first, 128 at most",
              {{"name", name}});
}

Result<WantedModel> read_wanted(const boost::json::object& params) {
  WantedModel wanted;
  const auto* files = params.if_contains("files");
  if (!files || !files->is_array() || files->get_array().empty()) {
    return fail(ErrorCode::invalid, "cannot download a model: params.files names no file",
                "files_missing", R"(send {"files": [{"path", "size", "sha256", "urls": […]}]})");
  }
  if (files->get_array().size() > files_max) {
    return bad("params.files", "at most " + std::to_string(files_max), "too_many");
  }
  for (const auto& value : files->get_array()) {
    const std::string at = "params.files[" + std::to_string(wanted.files.size()) + "]";
    auto file = from_json<WantedFile>(value, at);
    if (!file) {
      auto error = file.error();
      error.reason = "field_type";
      return tl::unexpected(std::move(error));
    }
    std::ranges::transform(file->sha256, file->sha256.begin(), [](char c) {
      return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    HUB_CHECK(check_file(*file, at));
    wanted.files.push_back(*std::move(file));
  }
  HUB_CHECK(check_together(wanted.files));
  HUB_TRY(connections, number_in(params, "connections", 4, 1, connections_max));
  HUB_TRY(rate, number_in(params, "rate_limit_bytes_per_s", 0, 0, size_max));
  wanted.connections = connections;
  wanted.rate_limit_bytes_per_s = rate;
  return wanted;
}

std::optional<std::int64_t> size_of(const WantedModel& wanted) {
  std::int64_t sum = 0;
  for (const auto& file : wanted.files) {
    if (!file.size) return std::nullopt;
    sum += *file.size;
  }
  return sum;
}

}  // namespace hub::models
