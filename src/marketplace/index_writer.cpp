#include "marketplace/index_writer.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "base/hash.hpp"
#include "marketplace/search_text.hpp"

namespace hub::marketplace {
namespace {

constexpr std::int64_t index_version = 1;
constexpr int entries_between_questions = 500;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += word + ' ';
  return text;
}

std::string key_of(const CatalogEntry& entry) { return to_text(entry.kind) + ":" + entry.name; }

struct Texts {
  explicit Texts(const CatalogEntry& entry)
      : name(name_text(entry)),
        title(title_text(entry)),
        tags(tag_text(entry)),
        publisher(entry.publisher),
        description(description_text(entry)) {}

  // Differs when any of them does.
  std::int64_t fingerprint() const {
    std::string all;
    for (const auto* text : {&name, &title, &tags, &publisher, &description}) {
      all += *text;
      all += '\0';
    }
    const Digest digest = sha256(all);
    std::int64_t first = 0;
    std::memcpy(&first, digest.data(), sizeof first);
    return first;
  }

  std::string name, title, tags, publisher, description;
};

// Rows of the index as they were before.
struct Known {
  std::int64_t row = 0;
  std::int64_t fingerprint = 0;
};

class Writer {
 public:
  Writer(sql::Connection& db, IndexedRows& rows) : db_(db), rows_(rows) {
    for (const auto& row : db_.run("SELECT row, key, fingerprint FROM entry")) {
      known_[sql::text(row[1])] = {sql::integer(row[0]), sql::integer(row[2])};
      last_row_ = std::max(last_row_, sql::integer(row[0]));
    }
  }

  void put(const CatalogEntry& entry, std::size_t position) {
    const Texts texts(entry);
    const std::int64_t fingerprint = texts.fingerprint();
    const auto old = known_.find(key_of(entry));
    std::int64_t row = 0;
    if (old == known_.end()) {
      row = ++last_row_;
      add(row, entry, texts, fingerprint);
      ++written_.added;
    } else {
      row = old->second.row;
      if (old->second.fingerprint != fingerprint) {
        remove(row);
        add(row, entry, texts, fingerprint);
        ++written_.changed;
      }
      known_.erase(old);
    }
    rows_.set(static_cast<std::uint64_t>(row), position);
  }

  void remove_the_rest() {
    for (const auto& [key, old] : known_) {
      remove(old.row);
      ++written_.removed;
    }
  }

  const Written& written() const { return written_; }

 private:
  void add(std::int64_t row, const CatalogEntry& entry, const Texts& texts,
           std::int64_t fingerprint) {
    const auto names = search_words(texts.name);
    const auto titles = search_words(texts.title);
    const auto tags = search_words(texts.tags);
    const auto publisher = search_words(texts.publisher);
    const auto description = search_words(texts.description);
    db_.run("INSERT INTO entry (row, key, fingerprint) VALUES ($1, $2, $3)",
            {row, key_of(entry), fingerprint});
    db_.run("INSERT INTO names (rowid, name, title) VALUES ($1, $2, $3)",
            {row, joined(names), joined(titles)});
    db_.run("INSERT INTO texts (rowid, tags, publisher, description) VALUES ($1, $2, $3, $4)",
            {row, joined(tags), joined(publisher), joined(description)});
    for (const auto* words : {&names, &titles}) {
      for (const auto& word : *words) add_word(word, 1);
    }
    for (const auto* words : {&tags, &publisher, &description}) {
      for (const auto& word : *words) add_word(word, 0);
    }
  }

  // Words are never removed: one that no row has any more finds nothing and harms nobody.
  void add_word(const std::string& word, std::int64_t named) {
    if (!(named == 1 ? named_words_ : words_).insert(word).second) return;
    db_.run(
        "INSERT INTO word (word, named) VALUES ($1, $2)"
        " ON CONFLICT (word) DO UPDATE SET named = 1 WHERE named = 0 AND excluded.named = 1",
        {word, named});
    const bool digits = std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
    if (named == 1 && db_.changes() == 1 && !digits) {
      db_.run("INSERT INTO near (word) VALUES ($1)", {' ' + word + ' '});
    }
  }

  void remove(std::int64_t row) {
    db_.run("DELETE FROM entry WHERE row = $1", {row});
    db_.run("DELETE FROM names WHERE rowid = $1", {row});
    db_.run("DELETE FROM texts WHERE rowid = $1", {row});
  }

  sql::Connection& db_;
  IndexedRows& rows_;
  std::unordered_map<std::string, Known> known_;         // not seen in this catalogue yet
  std::unordered_set<std::string> words_, named_words_;  // seen in this update
  std::int64_t last_row_ = 0;
  Written written_;
};

struct Stopped {};

}  // namespace

void prepare_index(sql::Connection& db) {
  const bool current = !db.run("SELECT 1 FROM sqlite_master WHERE name = 'about'").empty() &&
                       !db.run("SELECT 1 FROM about WHERE version = $1", {index_version}).empty();
  if (current) return;
  db.transaction([&] {
    db.run_script(
        "DROP TABLE IF EXISTS about; DROP TABLE IF EXISTS entry; DROP TABLE IF EXISTS word;"
        "DROP TABLE IF EXISTS names; DROP TABLE IF EXISTS texts; DROP TABLE IF EXISTS near;"
        "CREATE TABLE about (version INTEGER NOT NULL) STRICT;"
        "CREATE TABLE entry (row INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
        " fingerprint INTEGER NOT NULL) STRICT;"
        // What is given to FTS5 are words with spaces between. Everything but the space is part of
        // a word for it, so that it never sees two where search_words() saw one.
        "CREATE VIRTUAL TABLE names USING fts5(name, title, detail = none, prefix = '1 2 3 4',"
        " tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* C* M* P* S*'\");"
        "CREATE VIRTUAL TABLE texts USING fts5(tags, publisher, description, detail = none,"
        " prefix = '1 2 3 4',"
        " tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* C* M* P* S*'\");"
        "CREATE TABLE word (word TEXT PRIMARY KEY, named INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE VIRTUAL TABLE near USING fts5(word, tokenize = 'trigram');");
    db.run("INSERT INTO about (version) VALUES ($1)", {index_version});
  });
}

std::optional<Written> write_index(sql::Connection& db, const Catalog& catalog, IndexedRows& rows,
                                   const std::function<bool()>& stop) {
  try {
    return db.transaction([&] {
      Writer writer(db, rows);
      int until_asked = entries_between_questions;
      for (std::size_t at = 0; at < catalog.entries.size(); ++at) {
        if (--until_asked == 0) {
          if (stop && stop()) throw Stopped{};
          until_asked = entries_between_questions;
        }
        writer.put(catalog.entries[at], at);
      }
      writer.remove_the_rest();
      return std::optional(writer.written());
    });
  } catch (const Stopped&) {
    return std::nullopt;
  }
}

}  // namespace hub::marketplace
