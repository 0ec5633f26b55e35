#include "cli/registry_checks.hpp"

#include <iostream>

#include "cli/registry_commands.hpp"
#include "cli/text.hpp"
#include "cli/words.hpp"
#include "registry/catalog_diff.hpp"
#include "registry/host_cache.hpp"
#include "registry/publish_rebuilt.hpp"
#include "registry/verify.hpp"

namespace hub::cli {
namespace {

constexpr std::chrono::milliseconds turn_wait_max{60'000};
constexpr std::size_t short_commit_chars = 12;

std::string short_of(const std::string& commit) { return commit.substr(0, short_commit_chars); }

std::string counted(std::int64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

void print_json(const Json& json) { std::cout << boost::json::serialize(json) << '\n'; }

Result<registry::HostCache> open(const std::string& url) {
  return registry::HostCache::open(cache_directory(), url, turn_wait_max);
}

Result<std::string> commit_of(registry::HostCache& cache, const std::string& revision) {
  return cache.mirror.repository().find_revision(revision, git::mirrored_main);
}

// ---- rebuild

enum class RebuildEnd { right, mended, written, differs };

struct RebuildAnswer {
  RebuildEnd end = RebuildEnd::right;
  std::string commit;
  registry::Rebuilt rebuilt;
};

Result<RebuildAnswer> rebuild(const RegistryRebuild& wanted, const Clock& clock) {
  HUB_TRY(cache, open(wanted.registry_url));
  RebuildAnswer answer;
  if (wanted.check == RegistryRebuild::Check::no && wanted.file.empty()) {
    HUB_TRY(published, registry::publish_rebuilt(cache, clock));
    answer.end = published.changed ? RebuildEnd::mended : RebuildEnd::right;
    answer.commit = published.commit;
    answer.rebuilt = std::move(published.rebuilt);
    return answer;
  }
  HUB_CHECK(cache.fetch());
  HUB_TRY(commit, commit_of(cache, wanted.revision));
  HUB_TRY(rebuilt, registry::rebuild_catalog(cache.mirror.repository(), commit));
  answer.commit = commit;
  if (!rebuilt.differences.empty()) answer.end = RebuildEnd::differs;
  if (!wanted.file.empty()) {
    HUB_CHECK(write_file_atomic(wanted.file, rebuilt.bytes));
    answer.end = RebuildEnd::written;
  }
  answer.rebuilt = std::move(rebuilt);
  return answer;
}

const char* text_of(RebuildEnd end) {
  switch (end) {
    case RebuildEnd::right: return "right";
    case RebuildEnd::mended: return "mended";
    case RebuildEnd::written: return "written";
    case RebuildEnd::differs: return "differs";
  }
  return "";  // not reached: every end is named above
}

std::string sentence_of(const RegistryRebuild& wanted, const RebuildAnswer& answer) {
  const std::string counts = counted(answer.rebuilt.skills, "skill", "skills") + " and " +
                             counted(answer.rebuilt.scenarios, "scenario", "scenarios");
  const std::string at = " at commit " + short_of(answer.commit);
  switch (answer.end) {
    case RebuildEnd::right:
      return "registry.json is what the files of " + counts + " give" + at +
             "; nothing was changed";
    case RebuildEnd::mended:
      return "published registry.json, made again from " + counts + ", as commit " + answer.commit;
    case RebuildEnd::written: return "wrote " + wanted.file.string() + ", made from " + counts + at;
    case RebuildEnd::differs:
      return "registry.json is not what the files of " + counts + " give" + at;
  }
  return "";  // not reached: every end is named above
}

void print(const RegistryRebuild& wanted, const RebuildAnswer& answer) {
  for (const auto& warning : answer.rebuilt.warnings) {
    std::cerr << "warning: " << printable(warning) << '\n';
  }
  for (const auto& problem : answer.rebuilt.problems) {
    std::cerr << "warning: " << printable(problem.path)
              << " stays as it was: " << printable(problem.message) << '\n';
  }
  std::cout << printable(sentence_of(wanted, answer)) << '\n';
  for (const auto& one : answer.rebuilt.differences) {
    std::cout << "  " << (one.path.empty() ? "registry.json" : printable(one.path)) << ": "
              << one.what << (one.fields.empty() ? "" : ": " + printable(one.fields)) << '\n';
  }
  if (answer.end == RebuildEnd::differs) {
    std::cout << "  to mend it: adaos-hub registry rebuild --registry "
              << printable(wanted.registry_url) << '\n';
  }
}

// ---- verify

void print(const registry::VerifyReport& report) {
  for (const auto& one : report.artifacts) {
    std::cout << (one.status == registry::VerifyStatus::without_digest ? "no digest  "
                                                                       : "BAD        ")
              << printable(one.path) << (one.version.empty() ? "" : " " + printable(one.version))
              << ": " << printable(one.message) << '\n'
              << "           what to do: " << printable(one.hint) << '\n';
  }
  std::cout << counted(report.good, "entry", "entries") << " of " << report.entries
            << " good at commit " << short_of(report.commit);
  if (report.without_digest > 0) std::cout << ", " << report.without_digest << " without a digest";
  if (report.bad > 0) std::cout << ", " << report.bad << " BAD";
  std::cout << '\n';
}

// ---- diff

void print_texts(const char* what, const registry::TextChanges& changes) {
  for (const auto& text : changes.added) {
    std::cout << "    + " << what << ' ' << printable(text) << '\n';
  }
  for (const auto& text : changes.removed) {
    std::cout << "    - " << what << ' ' << printable(text) << '\n';
  }
}

void print(const registry::ArtifactChange& one) {
  const std::string name = to_text(one.kind) + " " + printable(one.name);
  switch (one.change) {
    case registry::ChangeKind::added:
      std::cout << "new      " << name << ' ' << printable(one.to_version) << '\n';
      break;
    case registry::ChangeKind::removed:
      std::cout << "removed  " << name << ' ' << printable(one.from_version) << '\n';
      break;
    case registry::ChangeKind::updated:
      std::cout << "updated  " << name << ' ' << printable(one.from_version);
      if (one.from_version != one.to_version) std::cout << " -> " << printable(one.to_version);
      if (one.from_version == one.to_version && one.files_changed) {
        std::cout << " (WARNING: other files under the same version)";
      }
      std::cout << '\n';
      break;
  }
  print_texts("permission", one.permissions);
  print_texts("needs", one.requirements);
  for (const auto& field : one.fields) std::cout << "    ~ " << printable(field) << '\n';
}

void print(const registry::CatalogDiff& diff) {
  for (const auto& change : diff.changes) print(change);
  for (const auto& field : diff.fields) std::cout << "changed  " << printable(field) << '\n';
  if (diff.changes.empty() && diff.fields.empty())
    std::cout << "nothing changed";
  else
    std::cout << counted(std::ssize(diff.changes), "artifact", "artifacts") << " changed";
  std::cout << " from " << short_of(diff.from) << " to " << short_of(diff.to) << '\n';
}

}  // namespace

int run(const RegistryRebuild& wanted, const Clock& clock) {
  const auto answer = rebuild(wanted, clock);
  if (!answer) return report(answer.error(), wanted.output);
  if (wanted.output == Output::json) {
    print_json(boost::json::object{{"status", text_of(answer->end)},
                                   {"commit", answer->commit},
                                   {"skills", answer->rebuilt.skills},
                                   {"scenarios", answer->rebuilt.scenarios},
                                   {"differences", to_json(answer->rebuilt.differences)},
                                   {"problems", to_json(answer->rebuilt.problems)},
                                   {"warnings", to_json(answer->rebuilt.warnings)}});
  } else {
    print(wanted, *answer);
  }
  return answer->end == RebuildEnd::differs ? exit_failed : exit_done;
}

int run(const RegistryVerify& wanted, const Clock&) {
  const auto verified = [&wanted]() -> Result<registry::VerifyReport> {
    HUB_TRY(cache, open(wanted.registry_url));
    HUB_CHECK(cache.fetch());
    HUB_TRY(commit, commit_of(cache, wanted.revision));
    return registry::verify_registry(cache.mirror.repository(), commit);
  }();
  if (!verified) return report(verified.error(), wanted.output);
  if (wanted.output == Output::json) {
    print_json(to_json(*verified));
  } else {
    print(*verified);
  }
  return verified->bad > 0 ? exit_failed : exit_done;
}

int run(const RegistryDiff& wanted, const Clock&) {
  const auto compared = [&wanted]() -> Result<registry::CatalogDiff> {
    HUB_TRY(cache, open(wanted.registry_url));
    HUB_CHECK(cache.fetch());
    HUB_TRY(from, commit_of(cache, wanted.from));
    HUB_TRY(to, commit_of(cache, wanted.to));
    return registry::diff_catalogs(cache.mirror.repository(), from, to);
  }();
  if (!compared) return report(compared.error(), wanted.output);
  if (wanted.output == Output::json) {
    print_json(to_json(*compared));
  } else {
    print(*compared);
  }
  return exit_done;
}

}  // namespace hub::cli
