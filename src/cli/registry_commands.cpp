#include "cli/registry_commands.hpp"

#include <cstdlib>
#include <iostream>

#include "registry/init_registry.hpp"
#include "registry/push.hpp"

namespace hub::cli {
namespace {

void print(const registry::PushReport& report, const std::string& registry_url) {
  for (const auto& warning : report.warnings) std::cerr << "warning: " << warning << '\n';
  const std::string what = to_text(report.kind) + " " + report.name + " " + report.version;
  switch (report.status) {
    case registry::PushStatus::published:
      std::cout << "published " << what << " in " << registry_url << '\n'
                << "  commit " << report.commit << '\n'
                << "  tree   " << report.tree << '\n';
      if (report.together > 1) {
        std::cout << "  in one commit with " << report.together - 1
                  << " more that this machine published at the same time\n";
      }
      if (report.attempts > 1) {
        std::cout << "  others were publishing too: it took " << report.attempts << " attempts\n";
      }
      break;
    case registry::PushStatus::already_published:
      std::cout << "already_published: " << what << " is in " << registry_url
                << " with the same content; nothing was changed\n";
      break;
    case registry::PushStatus::dry_run:
      std::cout << "dry run: " << what << " would be published in " << registry_url
                << " with this catalogue entry:\n"
                << boost::json::serialize(report.entry) << '\n';
      break;
  }
}

}  // namespace

std::filesystem::path cache_directory() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) {
    return std::filesystem::path(cache) / "adaos-hub";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : "/tmp") / ".cache" / "adaos-hub";
}

int run(const Push& wanted, const Clock& clock) {
  registry::PushRequest request;
  request.kind = wanted.kind;
  request.source = wanted.source;
  request.registry_url = wanted.registry_url;
  request.cache_directory = cache_directory();
  request.message = wanted.message;
  request.publisher.owner_id = wanted.publisher;
  request.bump = wanted.bump;
  request.mode =
      wanted.dry_run == DryRun::yes ? registry::PushMode::dry_run : registry::PushMode::publish;
  const auto pushed = registry::push(request, clock);
  if (!pushed) return report(pushed.error(), wanted.output);
  if (wanted.output == Output::json) {
    std::cout << boost::json::serialize(to_json(*pushed)) << '\n';
  } else {
    print(*pushed, wanted.registry_url);
  }
  return 0;
}

int run(const RegistryInit& wanted, const Clock& clock) {
  const auto made = registry::init_registry(wanted.directory, clock);
  if (!made) return report(made.error());
  std::cout << "made an empty registry in " << wanted.directory.string() << '\n'
            << "  publish in it with: adaos-hub skill push DIR --registry "
            << std::filesystem::absolute(wanted.directory).string() << '\n';
  return 0;
}

}  // namespace hub::cli
