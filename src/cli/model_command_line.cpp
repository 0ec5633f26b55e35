// `model …`, as CLI11 knows it.

#include "base/files.hpp"
#include "cli/command_parts.hpp"

namespace hub::cli {
namespace {

constexpr std::size_t manifest_bytes_max = std::size_t{8} << 20U;

// What --file, --sha256 and --size say, in the order in which they are given.
struct FileOptions {
  std::vector<std::string> files, digests;
  std::vector<std::int64_t> sizes;
  std::string manifest;
  std::int64_t connections = 0, rate_limit = 0;
};

// The last part of an address's path: "b.bin" of "https://host/a/b.bin?x=y".
std::string file_name_of(const std::string& url) {
  const auto path = url.substr(0, url.find_first_of("?#"));
  return path.substr(path.rfind('/') + 1);
}

// "[PATH=]URL[,MIRROR…]"
boost::json::object file_of(const std::string& text) {
  const bool named = !text.starts_with("http://") && !text.starts_with("https://");
  const auto equals = named ? text.find('=') : std::string::npos;
  if (named && equals == std::string::npos) {
    throw CLI::ValidationError("--file", "want [PATH=]URL[,MIRROR…], not " + text);
  }
  auto rest = named ? text.substr(equals + 1) : text;
  boost::json::array urls;
  while (!rest.empty()) {
    // A comma that begins no address belongs to the one before.
    auto end = rest.find(",http", 1);
    urls.emplace_back(rest.substr(0, end));
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  const auto first = urls.empty() ? std::string() : std::string(urls.front().as_string());
  return {{"path", named ? text.substr(0, equals) : file_name_of(first)},
          {"urls", std::move(urls)}};
}

boost::json::object manifest_in(const std::string& path) {
  const auto text = read_file(path, manifest_bytes_max);
  if (!text) throw CLI::ValidationError("--manifest", text.error().message);
  boost::system::error_code ec;
  auto value = boost::json::parse(*text, ec);
  if (ec || !value.is_object()) {
    throw CLI::ValidationError("--manifest", path + " holds no JSON object");
  }
  return value.get_object();
}

boost::json::object params_of(const FileOptions& given) {
  boost::json::object params;
  if (!given.manifest.empty()) params = manifest_in(given.manifest);
  if (!given.files.empty()) {
    if (given.digests.size() != given.files.size()) {
      throw CLI::ValidationError("--sha256", "want one for each --file");
    }
    if (!given.sizes.empty() && given.sizes.size() != given.files.size()) {
      throw CLI::ValidationError("--size", "want one for each --file, or none");
    }
    boost::json::array files;
    for (std::size_t i = 0; i < given.files.size(); ++i) {
      auto file = file_of(given.files[i]);
      file["sha256"] = given.digests[i];
      if (!given.sizes.empty()) file["size"] = given.sizes[i];
      files.push_back(std::move(file));
    }
    params["files"] = std::move(files);
  }
  if (!params.contains("files")) {
    throw CLI::ValidationError("model download", "want --file or --manifest");
  }
  if (given.connections > 0) params["connections"] = given.connections;
  if (given.rate_limit > 0) params["rate_limit_bytes_per_s"] = given.rate_limit;
  return params;
}

void add_download(CLI::App& group, Parsing& parsing) {
  auto* command =
      group.add_subcommand("download", "bring a model onto the hub, verified, and watch it");
  auto& start = add_start(*command, "model.download", parsing);
  start.request.target_kind = "model";
  const auto given = std::make_shared<FileOptions>();
  command->add_option("name", start.request.target_id, "what it is called here")->required();
  auto* manifest = command->add_option(
      "--manifest", given->manifest,
      R"(JSON file: {"files": [{"path", "size", "sha256", "urls": [...]}], …})");
  command
      ->add_option("--file", given->files,
                   "address of a file, with mirrors (repeat for more; each with its --sha256)")
      ->type_name("[PATH=]URL[,MIRROR...]")
      ->allow_extra_args(false)
      ->excludes(manifest);
  command->add_option("--sha256", given->digests, "its SHA-256, 64 hexadecimal digits")
      ->allow_extra_args(false);
  command->add_option("--size", given->sizes, "its size in bytes, when it is known")
      ->allow_extra_args(false);
  command->add_option("--connections", given->connections, "for each file; 4 when left out")
      ->check(CLI::Range(1, 16));
  command->add_option("--rate-limit", given->rate_limit, "bytes a second at most")
      ->check(CLI::PositiveNumber);
  command->callback([given, &start, &parsing] {
    start.request.params = params_of(*given);
    parsing.chosen = start;
  });
  command->footer(
      "What has arrived is kept: after a failure, a stop or a kill the same command goes on.\n"
      "Examples:\n  adaos-hub model download tiny --file https://models.example/tiny.bin"
      " --sha256 9f86d081…\n  adaos-hub model download tiny --manifest tiny.json");
}

}  // namespace

void add_model(CLI::App& app, Parsing& parsing) {
  auto* group = app.add_subcommand("model", "download, list or remove models");
  group->require_subcommand(1);
  add_download(*group, parsing);
  auto* listing = group->add_subcommand("list", "list the models on the hub");
  auto& list = parsing.draft<ListModels>();
  add_hub_options(*listing, list.hub, parsing);
  listing->callback([&list, &parsing] { parsing.chosen = list; });
  listing->footer("Example:\n  adaos-hub model list");
  auto* removing = group->add_subcommand("remove", "take a model off the hub");
  auto& remove = add_start(*removing, "model.remove", parsing);
  remove.request.target_kind = "model";
  removing->add_option("name", remove.request.target_id, "its name")->required();
  removing->footer("Example:\n  adaos-hub model remove tiny");
}

}  // namespace hub::cli
