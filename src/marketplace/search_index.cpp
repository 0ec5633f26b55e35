#include "marketplace/search_index.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "marketplace/index_writer.hpp"
#include "marketplace/search_text.hpp"
#include "sql/full_text.hpp"

namespace hub::marketplace {
namespace {

constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t all_rows = std::numeric_limits<std::int64_t>::max();

constexpr std::size_t prefix_letters = 4;        // FTS5 has the rows of beginnings of up to so many
constexpr std::int64_t continuations_max = 128;  // words with one beginning that are looked up
constexpr std::size_t frequent_rows = 1'000;     // a word that so many rows have is remembered
constexpr std::size_t frequent_words_max = 512;

constexpr std::int64_t common_trigram_rows = 2'000;  // one that tells little
constexpr std::size_t near_candidates_max = 100;
constexpr std::size_t near_words_max = 8;
constexpr std::size_t letters_for_one_mistake = 4;
constexpr std::size_t letters_for_two_mistakes = 8;

// Words hold letters, digits and marks only, so nothing in them needs quoting.
std::string exactly(const std::string& word) { return '"' + word + '"'; }
std::string beginning_with(const std::string& word) { return exactly(word) + '*'; }

std::vector<std::string> letters_in(std::string_view text) {
  std::vector<std::string> letters;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
    if (!continues || letters.empty()) letters.emplace_back();
    letters.back() += c;
  }
  return letters;
}

}  // namespace

void IndexedRows::set(std::uint64_t row, std::size_t position) {
  if (row >= positions_.size()) positions_.resize(row + 1, nowhere);
  positions_[row] = static_cast<std::uint32_t>(position);
}

Positions IndexedRows::positions_of(const sql::RowSet& rows) const {
  Positions positions;
  rows.for_each([&](std::size_t row) {
    if (row < positions_.size() && positions_[row] != nowhere) positions.add(positions_[row]);
  });
  return positions;
}

// A reading connection, given back when nothing went wrong with it.
struct SearchIndex::Loan {
  explicit Loan(SearchIndex& from) : index(from) {
    const std::lock_guard guard(index.mutex_);
    if (!index.readers_.empty()) {
      db = std::move(index.readers_.back());
      index.readers_.pop_back();
    }
  }
  sql::Connection& open() {
    if (!db) db = sql::open_sqlite(index.file_.string(), sql::Access::read_only);
    return *db;
  }
  void give_back() {
    const std::lock_guard guard(index.mutex_);
    index.readers_.push_back(std::move(db));
  }
  SearchIndex& index;
  std::unique_ptr<sql::Connection> db;
};

SearchIndex::SearchIndex(std::filesystem::path file) : file_(std::move(file)) {
  try {
    open_writer();
  } catch (const sql::Failure&) {
    writer_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(file_.string() + suffix);
    }
    open_writer();
  }
}

void SearchIndex::open_writer() {
  writer_ = sql::open_sqlite(file_.string());
  prepare_index(*writer_);
}

SearchIndex::Update SearchIndex::update(const Catalog& catalog, const std::function<bool()>& stop) {
  Update update;
  auto rows = std::make_shared<IndexedRows>();
  const auto written = write_index(*writer_, catalog, *rows, stop);
  if (!written) return update;
  {
    const std::lock_guard guard(mutex_);
    ++generation_;
    frequent_.clear();
  }
  writer_->checkpoint(sql::CheckpointMode::restart);
  update.rows = std::move(rows);
  update.added = written->added;
  update.changed = written->changed;
  update.removed = written->removed;
  return update;
}

Found SearchIndex::find(const std::vector<std::string>& words, const IndexedRows& rows) {
  Found found;
  Loan loan(*this);
  auto& db = loan.open();
  sql::RowSet anywhere, named;
  bool first = true;
  for (const auto& word : words) {
    sql::RowSet in_names = rows_of_word(db, Field::names, word);
    sql::RowSet in_any = rows_of_word(db, Field::texts, word);
    in_any.add_all(in_names);
    if (in_any.empty()) {
      const auto instead = words_like(db, word);
      for (const auto& other : instead) {
        in_names.add_all(rows_of_word(db, Field::names, stem_of(other)));
        in_any.add_all(rows_of_word(db, Field::texts, stem_of(other)));
      }
      in_any.add_all(in_names);
      if (!instead.empty()) found.corrections.push_back({word, instead});
    }
    if (first) {
      anywhere = std::move(in_any);
      named = std::move(in_names);
      first = false;
    } else {
      anywhere.keep_only(in_any);
      named.keep_only(in_names);
    }
  }
  loan.give_back();
  found.anywhere = rows.positions_of(anywhere);
  found.named = rows.positions_of(named);
  return found;
}

sql::RowSet SearchIndex::rows_of_word(sql::Connection& db, Field field,
                                      const std::string& beginning) {
  const std::pair key(field, beginning);
  std::int64_t generation = 0;
  {
    const std::lock_guard guard(mutex_);
    if (const auto known = frequent_.find(key); known != frequent_.end()) return known->second;
    generation = generation_;
  }
  sql::RowSet rows = look_up(db, field, beginning);
  if (rows.count() >= frequent_rows) {
    const std::lock_guard guard(mutex_);
    if (frequent_.size() >= frequent_words_max) frequent_.clear();
    // What was read before an update may miss something of it.
    if (generation == generation_) frequent_.emplace(key, rows);
  }
  return rows;
}

sql::RowSet SearchIndex::look_up(sql::Connection& db, Field field, const std::string& beginning) {
  const auto rows_of = [&](const std::string& phrase) {
    switch (field) {
      case Field::names:
        return sql::match_rows(db,
                               "SELECT hub_rows(names, $2) FROM names WHERE names MATCH $1 LIMIT 1",
                               phrase, all_rows);
      case Field::texts:
        return sql::match_rows(db,
                               "SELECT hub_rows(texts, $2) FROM texts WHERE texts MATCH $1 LIMIT 1",
                               phrase, all_rows);
    }
    return sql::RowSet();
  };
  if (letters_of(beginning) <= prefix_letters) return rows_of(beginning_with(beginning));
  // For a longer beginning FTS5 would merge the rows of all its words, which takes tens of
  // milliseconds when one of them is everywhere. Asking for each word does not.
  const auto words = db.run("SELECT word FROM word WHERE word >= $1 AND word < $2 LIMIT $3",
                            {beginning, beginning + "\U0010FFFF", continuations_max + 1});
  if (std::ssize(words) > continuations_max) return rows_of(beginning_with(beginning));
  sql::RowSet rows;
  for (const auto& word : words) rows.add_all(rows_of(exactly(sql::text(word[0]))));
  return rows;
}

std::vector<std::string> SearchIndex::words_like(sql::Connection& db, const std::string& word) {
  if (letters_of(word) < 3) return {};
  std::vector<std::string> words;
  const auto containing = db.run("SELECT word FROM near WHERE near MATCH $1 LIMIT $2",
                                 {exactly(word), static_cast<std::int64_t>(near_words_max)});
  for (const auto& row : containing) words.push_back(search_words(sql::text(row[0])).at(0));
  return words.empty() ? near_words(db, word) : words;
}

std::vector<std::string> SearchIndex::near_words(sql::Connection& db, const std::string& word) {
  const auto letters = letters_in(' ' + word + ' ');
  const std::size_t count = letters.size() - 2;
  if (count < letters_for_one_mistake) return {};
  const std::size_t mistakes = count < letters_for_two_mistakes ? 1 : 2;
  std::vector<std::uint8_t> shared;  // trigrams, by row
  std::vector<std::uint64_t> rows_seen;
  for (std::size_t at = 0; at + 2 < letters.size(); ++at) {
    const auto rows = sql::match_rows(
        db, "SELECT hub_rows(near, $2) FROM near WHERE near MATCH $1 LIMIT 1",
        exactly(letters[at] + letters[at + 1] + letters[at + 2]), common_trigram_rows);
    if (std::cmp_greater_equal(rows.count(), common_trigram_rows)) continue;
    rows.for_each([&](std::uint64_t row) {
      if (row >= shared.size()) shared.resize(row + 1);
      if (shared[row]++ == 0) rows_seen.push_back(row);
    });
  }
  std::vector<std::pair<std::size_t, std::uint64_t>> candidates;  // trigrams that are missing
  for (const auto row : rows_seen) candidates.emplace_back(count - shared[row], row);
  const auto kept = std::min(candidates.size(), near_candidates_max);
  std::ranges::partial_sort(candidates, candidates.begin() + static_cast<std::ptrdiff_t>(kept));
  candidates.resize(kept);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const auto& [missing, row] : candidates) {
    const auto found =
        db.run("SELECT word FROM near WHERE rowid = $1", {static_cast<std::int64_t>(row)});
    if (found.empty()) continue;
    std::string other = search_words(sql::text(found[0][0])).at(0);
    const std::size_t distance = typing_distance(word, stem_of(other), mistakes);
    if (distance <= mistakes) near.emplace_back(distance, std::move(other));
  }
  std::ranges::sort(near);
  std::vector<std::string> words;
  for (auto& [distance, other] : near) {
    if (words.size() == near_words_max || distance > near.front().first) break;
    words.push_back(std::move(other));
  }
  return words;
}

}  // namespace hub::marketplace
