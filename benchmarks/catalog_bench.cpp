// Measures the catalogue on files that exist; measure_catalog.py makes them and runs this.
//
//   catalog_bench read FILE ROUNDS      parse and index
//   catalog_bench upsert FILE ROUNDS    read, put one entry in, write durably
//   catalog_bench tree DIR ROUNDS       the digest of an artifact
//
// Prints one JSON object: milliseconds and processor milliseconds of each round, and the most
// memory that the process had.

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

#include "base/files.hpp"
#include "registry/catalog_file.hpp"
#include "registry/catalog_reader.hpp"
#include "registry/tree.hpp"

namespace {

using hub::registry::CatalogFile;
using hub::registry::JsonNode;

double processor_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (static_cast<double>(now.tv_sec) * 1e3) + (static_cast<double>(now.tv_nsec) / 1e6);
}

template <class T>
T must(hub::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

// Most resident memory so far. getrusage would tell that of the process that started us, too.
std::int64_t peak_kib() {
  std::ifstream status("/proc/self/status");
  std::int64_t kib = 0;
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") status >> kib;
  }
  return kib;
}

boost::json::object measure(int rounds, const std::function<void(int round)>& work) {
  boost::json::array ms, cpu_ms;
  for (int round = 0; round < rounds; ++round) {
    const double cpu = processor_ms();
    const auto start = std::chrono::steady_clock::now();
    work(round);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    ms.emplace_back(took.count());
    cpu_ms.emplace_back(processor_ms() - cpu);
  }
  return {{"ms", ms}, {"cpu_ms", cpu_ms}, {"peak_kib", peak_kib()}};
}

boost::json::object read(const std::string& path, int rounds) {
  const std::string bytes = must(hub::read_file(path));
  hub::Catalog catalog;
  boost::json::object measured{{"ms", boost::json::array()}, {"cpu_ms", boost::json::array()}};
  for (int round = 0; round < rounds; ++round) {
    catalog = {};  // what the hub forgets when a newer one is there is not part of reading it
    auto one = measure(1, [&](int) { catalog = must(hub::registry::read_catalog(bytes, {})); });
    for (const char* what : {"ms", "cpu_ms"}) {
      measured[what].as_array().push_back(one[what].as_array().front());
    }
    measured["peak_kib"] = one["peak_kib"];
  }
  measured["entries"] = catalog.entries.size();
  return measured;
}

boost::json::object upsert(const std::string& path, int rounds) {
  const auto kind = hub::ArtifactKind::skill;
  const auto names = must(CatalogFile::parse(must(hub::read_file(path)))).names(kind);
  return measure(rounds, [&](int round) {
    auto file = must(CatalogFile::parse(must(hub::read_file(path))));
    const std::string& name = names[(static_cast<std::size_t>(round) * 7919) % names.size()];
    JsonNode entry = file.entry(kind, name).value();
    entry.set("version", JsonNode::string("2.0." + std::to_string(round)));
    if (!file.check_aliases(kind, name, *entry.find_string("id"))) std::abort();
    file.upsert(kind, entry);
    if (!hub::write_file_atomic(path, file.bytes())) std::abort();
  });
}

boost::json::object tree(const std::string& path, int rounds) {
  std::string digest;
  auto measured =
      measure(rounds, [&](int) { digest = must(hub::registry::read_tree(path)).digest; });
  measured["digest"] = digest;
  return measured;
}

boost::json::object run(const std::string& what, const std::string& path, int rounds) {
  if (what == "read") return read(path, rounds);
  if (what == "upsert") return upsert(path, rounds);
  if (what == "tree") return tree(path, rounds);
  throw std::runtime_error("unknown measurement " + what);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 4) throw std::runtime_error("usage: catalog_bench read|upsert|tree PATH ROUNDS");
    const std::string text =
        boost::json::serialize(run(argv[1], argv[2], std::stoi(argv[3]))) + "\n";
    std::fputs(text.c_str(), stdout);
    return 0;
  } catch (const std::exception& thrown) {
    std::fputs((std::string("catalog_bench: ") + thrown.what() + "\n").c_str(), stderr);
    return 1;
  }
}
