#pragma once
// What the store answered this process, in a file that outlives it: each line of it was durable
// when it was answered, so the judge holds the store to it. Thread-safe.

#include "records.hpp"

namespace hub::feed_test {

class AppendedFile {
 public:
  // Opens, cutting off what a killed process may have written of a record.
  AppendedFile(const std::filesystem::path&, std::size_t record_bytes);
  ~AppendedFile();
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  void append(const void* bytes, std::size_t size) const;  // one write(2); throws

 private:
  int descriptor_;
};

class AnswerLog {
 public:
  explicit AnswerLog(const std::filesystem::path& file) : file_(file, sizeof(AnswerRecord)) {}

  void note(const OperationState& state) const {
    AnswerRecord record;
    record.revision = state.revision;
    record.status = static_cast<std::int32_t>(state.status);
    record.id = id_text(state.operation_id);
    file_.append(&record, sizeof record);
  }

 private:
  AppendedFile file_;
};

}  // namespace hub::feed_test
