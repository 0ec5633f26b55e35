#pragma once
// The logs of operations: a text file each, for people. Not the truth about anything; a log that
// cannot be written loses lines, never an operation.
//
//   <folder>/<yyyymm>/<operation_id>.log     "2026-01-02T03:04:05.678Z fetch: line"
//
// The month is that of the UUIDv7 in the id. A log keeps its first 512 KiB and its last 512 KiB
// (a second file, `.log.1`, is rotated); what went between is said by one line. Thread-safe.

#include <cstdint>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/doorbell.hpp"
#include "base/files.hpp"
#include "base/time.hpp"
#include "contracts/operation_state.hpp"

namespace hub::operations {

struct LogText {
  std::string text;              // whole lines
  std::int64_t next_offset = 0;  // where to go on
};

class OperationLogs {
 public:
  static constexpr std::size_t line_bytes_max = 4096;  // longer ones are cut, and say so

  // An empty folder path: logs are kept nowhere.
  OperationLogs(fs::path folder, const Clock&);

  void append(const OperationId&, std::string_view step, std::string_view line);
  // Values that must never appear in this operation's log; forgotten by close().
  void blot_out(const OperationId&, std::vector<std::string> secrets);
  void close(const OperationId&);  // ended: flushes, lets the file go

  // At most `bytes_max` from `offset`; empty text at the end. A log that was never written is
  // empty.
  LogText read(const OperationId&, std::int64_t offset, std::size_t bytes_max = 64U << 10U) const;
  std::vector<std::string> tail(const OperationId&, std::size_t lines_max) const;
  void remove(const OperationId&);

  // A result too large to be shown with its operation: beside the log,
  // `<operation_id>.result.json`. Whether it could be written.
  bool write_result(const OperationId&, const std::string& json) const;
  std::optional<std::string> read_result(const OperationId&) const;

  Doorbell& lines() { return lines_; }  // rings after lines were added

 private:
  // One that is being written.
  struct Open {
    std::vector<std::string> secrets;
    std::ofstream head, tail;
    std::uintmax_t head_bytes = 0, tail_bytes = 0;
    bool looked = false;  // at what an earlier boot has left
  };

  fs::path file_of(const OperationId&, const char* suffix) const;  // empty: nowhere
  void look(const OperationId&, Open&) const;
  void write(const OperationId&, Open&, const std::string& line) const;
  void shorten_tail(const OperationId&, Open&) const;

  const fs::path folder_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<OperationId, Open> open_;
  Doorbell lines_;
};

}  // namespace hub::operations
