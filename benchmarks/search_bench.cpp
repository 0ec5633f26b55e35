// Measures the marketplace's search over a made catalogue: the index alone ("database"), and a page
// with counts and facets as GET /api/marketplace answers it ("answer"). Prints one JSON object.
// Times are of the thread's processor, so that other work on the machine does not count, and of the
// wall.
#include <algorithm>
#include <cmath>
#include <ctime>
#include <iostream>
#include <random>

#include <CLI/CLI.hpp>

#include "base/files.hpp"
#include "base/json.hpp"
#include "marketplace/marketplace_catalog.hpp"
#include "marketplace/search_index.hpp"
#include "registry/find_entry.hpp"

namespace hub::marketplace {
namespace {

double now_ms(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return (static_cast<double>(time.tv_sec) * 1e3) + (static_cast<double>(time.tv_nsec) / 1e6);
}

struct Times {
  std::vector<double> cpu_ms, wall_ms;

  template <class Work>
  void time(Work work) {
    const double cpu = now_ms(CLOCK_THREAD_CPUTIME_ID), wall = now_ms(CLOCK_MONOTONIC);
    work();
    cpu_ms.push_back(now_ms(CLOCK_THREAD_CPUTIME_ID) - cpu);
    wall_ms.push_back(now_ms(CLOCK_MONOTONIC) - wall);
  }
  static double quantile(std::vector<double> values, double part) {
    std::ranges::sort(values);
    const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size()));
    return values.at(std::min(at, values.size() - 1));
  }
  boost::json::object summary() const {
    return {{"questions", cpu_ms.size()},
            {"cpu_p50_ms", quantile(cpu_ms, 0.5)},
            {"cpu_p99_ms", quantile(cpu_ms, 0.99)},
            {"wall_p50_ms", quantile(wall_ms, 0.5)},
            {"wall_p99_ms", quantile(wall_ms, 0.99)}};
  }
};

// Words whose frequency falls as in a language (Zipf), in Latin and Cyrillic letters.
class Words {
 public:
  std::string one() {
    std::uniform_real_distribution<double> part(0, 1);
    return spelled(static_cast<std::size_t>(std::pow(20'000.0, part(random_))));
  }
  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  static std::string spelled(std::size_t number) {
    constexpr std::array latin{"ka", "to", "mi",  "ra",  "se",  "lo",  "ne", "vi",
                               "du", "po", "gar", "tel", "shi", "ban", "we"};
    constexpr std::array cyrillic{"ка", "то", "ми",  "ра",  "се", "ло",  "не", "ви",
                                  "ду", "по", "гар", "тел", "ши", "бан", "ве"};
    std::string word;
    const bool russian = number % 3 == 0;
    for (std::size_t left = (number * 7919) + 13; left > 0; left /= latin.size()) {
      word += russian ? cyrillic.at(left % latin.size()) : latin.at(left % latin.size());
    }
    return word;
  }
  std::mt19937_64 random_{1};
};

CatalogEntry made_entry(std::size_t number, Words& words) {
  CatalogEntry entry;
  entry.kind = number % 5 == 0 ? ArtifactKind::scenario : ArtifactKind::skill;
  entry.name = words.one() + "_" + std::to_string(number) + (number % 7 == 0 ? "" : "_skill");
  entry.id = entry.name;
  entry.version = "1." + std::to_string(words.below(20)) + ".0";
  entry.title = words.one() + " " + words.one();
  entry.title_i18n = {{"en", entry.title}, {"ru", words.one() + " " + words.one()}};
  for (int at = 0; at < 12; ++at) entry.description += words.one() + " ";
  if (number % 5 != 0) entry.description += "the skill for a home";
  entry.tags = {words.one(), "home"};
  entry.publisher = "owner-" + std::to_string(words.below(500));
  entry.updated_at = "2026-0" + std::to_string(1 + words.below(9)) + "-01T00:00:00+00:00";
  entry.tree = "sha256:0";
  entry.size_bytes = static_cast<std::int64_t>(words.below(100'000));
  return entry;
}

struct Class {
  const char* name;
  std::function<std::string()> question;
};

std::string mistyped(std::string word, Words& words) {
  const auto at = words.below(word.size());
  word.erase(at, 1);
  return word + "x";
}

boost::json::object measure(std::size_t entries, std::size_t questions) {
  Words words;
  auto made = std::make_shared<Catalog>();
  for (std::size_t at = 0; at < entries; ++at) made->entries.push_back(made_entry(at, words));
  registry::index_entries(*made);
  boost::json::object report{{"entries", entries}};
  const std::shared_ptr<const Catalog> catalog = made;

  Times listing, build, same, some;
  std::optional<MarketplaceCatalog> market;
  listing.time([&] { market.emplace(catalog); });
  const TemporaryDirectory directory;
  SearchIndex index(directory.path() / "search.db");
  SharedRows rows;
  build.time([&] { rows = index.update(*catalog).rows; });
  same.time([&] { rows = index.update(*catalog).rows; });
  auto changed = std::make_shared<Catalog>(*catalog);
  for (std::size_t at = 0; at < 30; ++at) changed->entries[at * 7].description += " changed";
  some.time([&] { rows = index.update(*changed).rows; });
  report["listing_ms"] = listing.wall_ms.front();
  report["index_build_ms"] = build.wall_ms.front();
  report["index_same_ms"] = same.wall_ms.front();
  report["index_30_changed_ms"] = some.wall_ms.front();
  report["index_bytes"] = fs::file_size(directory.path() / "search.db");

  std::vector<InstalledArtifact> installed(30);
  for (std::size_t at = 0; at < installed.size(); ++at) {
    installed[at].kind = catalog->entries[at * 11].kind;
    installed[at].name = installed[at].id = catalog->entries[at * 11].name;
    installed[at].version = "1.0.0";
  }
  const auto answer = [&](const Query& query, const Found* found) {
    const auto view = market->view(installed, {}, query, found).value();
    boost::json::array page;
    for (const auto& row : view.rows) page.push_back(to_wire(row));
    const boost::json::object body{{"rows", std::move(page)},
                                   {"counts", to_json(view.counts)},
                                   {"facets", to_json(view.facets)}};
    return boost::json::serialize(body).size();
  };
  Times first_page, whole_page;
  for (int at = 0; at < 100; ++at) {
    first_page.time([&] { static_cast<void>(answer({.limit = 50}, nullptr)); });
    whole_page.time([&] { static_cast<void>(answer({.limit = 500}, nullptr)); });
  }
  report["first_page_50"] = first_page.summary();
  report["first_page_500"] = whole_page.summary();

  const std::vector<Class> classes{
      {"one word", [&] { return words.one(); }},
      {"two words", [&] { return words.one() + " " + words.one(); }},
      {"two letters",
       [&] { return std::string(1, "kmrslnvdpg"[words.below(10)]) + "aoie"[words.below(4)]; }},
      {"one letter", [&] { return std::string(1, static_cast<char>('a' + words.below(26))); }},
      {"a word in 80 % of the entries", [&] { return std::string("skill"); }},
      {"stop words", [&] { return "the skill for a home " + words.one(); }},
      {"a mistyped word", [&] { return mistyped(words.one() + words.one(), words); }},
      {"an exact name", [&] { return catalog->entries[words.below(entries)].name; }},
      {"nothing", [&] { return "zzq" + std::to_string(words.below(1'000'000)); }},
  };
  Times all_database, all_answers;
  boost::json::array parts;
  for (const auto& one : classes) {
    Times database, answers;
    for (std::size_t at = 0; at < questions; ++at) {
      const std::string question = one.question();
      database.time([&] { static_cast<void>(index.find(question_words(question), *rows)); });
      all_database.cpu_ms.push_back(database.cpu_ms.back());
      all_database.wall_ms.push_back(database.wall_ms.back());
      answers.time([&] {
        const auto again = index.find(question_words(question), *rows);
        static_cast<void>(answer({.q = question, .limit = 50}, &again));
      });
      all_answers.cpu_ms.push_back(answers.cpu_ms.back());
      all_answers.wall_ms.push_back(answers.wall_ms.back());
    }
    parts.push_back(boost::json::object{
        {"what", one.name}, {"database", database.summary()}, {"answer", answers.summary()}});
  }
  report["classes"] = std::move(parts);
  report["database"] = all_database.summary();
  report["answer"] = all_answers.summary();
  return report;
}

}  // namespace
}  // namespace hub::marketplace

int main(int argc, char** argv) {
  CLI::App app{"measures the marketplace's search"};
  std::size_t entries = 100'000, questions = 500;
  app.add_option("--entries", entries)->capture_default_str();
  app.add_option("--questions", questions, "of each class")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::cout << boost::json::serialize(hub::marketplace::measure(entries, questions)) << '\n';
  return 0;
}
