#pragma once
// SearchIndex: full-text search over a catalogue, SQLite FTS5 in a file of its own. Derived from
// the catalogue and nothing else: delete the file at will, it is made again. Keeps up with a new
// catalogue by writing what differs. docs/formats/search.md says how it finds.
//
// FTS5 answers which rows have a word; what several words have in common, and the order of what is
// found, is worked out in memory. bm25() would walk all rows of a word once for each of them.
//
// Threads: find() from any thread, also during an update(), which one thread at a time may call.
// Both throw sql::Failure when the file fails; it can be deleted then.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "marketplace/searched_text.hpp"
#include "sql/connection.hpp"

namespace hub::marketplace {

// Where the rows of an index are in one catalogue.
class IndexedRows {
 public:
  void set(std::uint64_t row, std::size_t position);
  Positions positions_of(const sql::RowSet& rows) const;

 private:
  std::vector<std::uint32_t> positions_;  // by row
};
using SharedRows = std::shared_ptr<const IndexedRows>;  // shared by requests while a newer is made

class SearchIndex {
 public:
  // Opens or makes the file. One that is damaged or of another version is replaced.
  explicit SearchIndex(std::filesystem::path file);

  struct Update {
    SharedRows rows;  // of the catalogue given; null when `stop` said so, nothing is changed then
    std::int64_t added = 0, changed = 0, removed = 0;
  };
  Update update(const Catalog&, const std::function<bool()>& stop = {});

  // `words` as question_words() makes them. Rows that `rows` does not know are left out, so an
  // answer never mixes two catalogues.
  Found find(const std::vector<std::string>& words, const IndexedRows& rows);

 private:
  enum class Field { names, texts };
  struct Loan;

  void open_writer();
  void prepare();
  sql::RowSet rows_of_word(sql::Connection&, Field, const std::string& beginning);
  sql::RowSet look_up(sql::Connection&, Field, const std::string& beginning);
  std::vector<std::string> words_like(sql::Connection&, const std::string& word);
  std::vector<std::string> near_words(sql::Connection&, const std::string& word);

  const std::filesystem::path file_;
  std::unique_ptr<sql::Connection> writer_;

  std::mutex mutex_;  // of what follows
  std::vector<std::unique_ptr<sql::Connection>> readers_;
  std::map<std::pair<Field, std::string>, sql::RowSet> frequent_;  // words that many rows have
  std::int64_t generation_ = 0;                                    // updates so far
};

}  // namespace hub::marketplace
