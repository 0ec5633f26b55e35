#include "operations/operation_log.hpp"

#include <algorithm>
#include <charconv>

namespace hub::operations {
namespace {

constexpr std::uintmax_t part_bytes_max = std::uintmax_t{512} << 10U;  // of the head, of the tail
constexpr std::size_t tail_read_bytes = std::size_t{64} << 10U;
constexpr const char* head_suffix = ".log";
constexpr const char* tail_suffix = ".log.1";
constexpr const char* result_suffix = ".result.json";
constexpr std::string_view gap_begin = "[";
constexpr std::string_view gap_end = " bytes of this log are left out here]\n";

// An id comes from outside, and becomes part of a path.
bool is_plain(const std::string& id) {
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

// "202601" of "op_019b…": the first 48 bits of a UUIDv7 are its time.
std::string month_of(const std::string& id) {
  std::string digits;
  for (const char c : id.substr(std::min<std::size_t>(3, id.size()))) {
    if (c != '-' && digits.size() < 12) digits += c;
  }
  std::int64_t millis = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), millis, 16);
  if (ec != std::errc{} || digits.size() != 12 || end != digits.data() + digits.size()) return "0";
  const std::string text = to_text(from_millis(millis));
  return text.substr(0, 4) + text.substr(5, 2);
}

std::uintmax_t size_of(const fs::path& file) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  return ec ? 0 : size;
}

// At most `bytes_max` from `offset`; what cannot be read is empty.
std::string read_part(const fs::path& file, std::uintmax_t offset, std::uintmax_t bytes_max) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  std::string text(static_cast<std::size_t>(bytes_max), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return text;
}

void keep_whole_lines(std::string& text) {
  const auto end = text.rfind('\n');
  text.resize(end == std::string::npos ? 0 : end + 1);
}

std::string gap_line(std::uintmax_t bytes) {
  return std::string(gap_begin) + std::to_string(bytes) + std::string(gap_end);
}

// Where things are in a log: its head, what is left out, its tail (whose file begins with the line
// that says how much that is).
struct Layout {
  std::uintmax_t head = 0, left_out = 0, tail = 0;
  std::uintmax_t tail_at = 0;  // in the tail's file
};

Layout layout_of(const fs::path& head, const fs::path& tail) {
  Layout layout;
  layout.head = size_of(head);
  const auto tail_size = size_of(tail);
  if (tail_size == 0) return layout;
  const std::string start = read_part(tail, 0, 80);
  const auto end = start.find('\n');
  if (end == std::string::npos) return layout;
  std::from_chars(start.data() + gap_begin.size(), start.data() + end, layout.left_out);
  layout.tail_at = end + 1;
  layout.tail = tail_size - layout.tail_at;
  return layout;
}

void replace_all(std::string& text, const std::string& word, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += by.size()) {
    text.replace(at, word.size(), by);
  }
}

// A terminal that shows the log must not obey it.
std::string plain_line(std::string_view line) {
  std::string text(line.substr(0, OperationLogs::line_bytes_max));
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') c = '?';
  }
  if (text.size() < line.size()) {
    text += " [" + std::to_string(line.size() - text.size()) + " bytes of this line are cut]";
  }
  return text;
}

}  // namespace

OperationLogs::OperationLogs(fs::path folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(clock) {}

fs::path OperationLogs::file_of(const OperationId& id, const char* suffix) const {
  if (folder_.empty() || !is_plain(id.text())) return {};
  return folder_ / month_of(id.text()) / (id.text() + suffix);
}

void OperationLogs::append(const OperationId& id, std::string_view step, std::string_view line) {
  if (file_of(id, head_suffix).empty()) return;
  const std::string stamp = to_text(clock_.now()) + " " + std::string(step) + ": ";
  {
    const std::lock_guard guard(mutex_);
    auto& log = open_[id];
    std::string text(line);
    for (const auto& secret : log.secrets) replace_all(text, secret, "***");
    look(id, log);
    std::string_view rest = text;
    do {
      const auto end = std::min(rest.find('\n'), rest.size());
      write(id, log, stamp + plain_line(rest.substr(0, end)) + "\n");
      rest.remove_prefix(std::min(end + 1, rest.size()));
    } while (!rest.empty());
  }
  lines_.ring();
}

void OperationLogs::look(const OperationId& id, Open& log) const {
  if (std::exchange(log.looked, true)) return;
  for (const char* suffix : {head_suffix, tail_suffix}) {
    const auto file = file_of(id, suffix);
    const auto size = size_of(file);
    if (size > 0 && read_part(file, size - 1, 1) != "\n") {
      std::ofstream(file, std::ios::app | std::ios::binary) << '\n';  // torn by a crash
    }
  }
  log.head_bytes = size_of(file_of(id, head_suffix));
  log.tail_bytes = size_of(file_of(id, tail_suffix));
}

void OperationLogs::write(const OperationId& id, Open& log, const std::string& line) const {
  const bool to_head = log.tail_bytes == 0 && log.head_bytes + line.size() <= part_bytes_max;
  auto& stream = to_head ? log.head : log.tail;
  auto& bytes = to_head ? log.head_bytes : log.tail_bytes;
  const auto file = file_of(id, to_head ? head_suffix : tail_suffix);
  if (!stream.is_open()) {
    std::error_code ec;
    fs::create_directories(file.parent_path(), ec);
    stream.open(file, std::ios::app | std::ios::binary);
    if (!to_head && bytes == 0) {
      const auto first = gap_line(0);
      stream << first;
      bytes += first.size();
    }
  }
  stream << line << std::flush;
  if (!stream) {
    stream = std::ofstream();  // the disk may take the next one
    return;
  }
  bytes += line.size();
  if (!to_head && bytes > 2 * part_bytes_max) shorten_tail(id, log);
}

// Keeps the last part_bytes_max, from the start of a line.
void OperationLogs::shorten_tail(const OperationId& id, Open& log) const {
  log.tail = std::ofstream();
  const auto file = file_of(id, tail_suffix);
  const auto layout = layout_of(file_of(id, head_suffix), file);
  std::string kept = read_part(file, log.tail_bytes - part_bytes_max, part_bytes_max);
  kept.erase(0, kept.find('\n') + 1);
  kept.insert(0, gap_line(layout.left_out + layout.tail - kept.size()));
  auto shorter = file;
  shorter += ".new";
  std::ofstream(shorter, std::ios::trunc | std::ios::binary) << kept;
  std::error_code ec;
  fs::rename(shorter, file, ec);
  log.tail_bytes = size_of(file);
}

void OperationLogs::blot_out(const OperationId& id, std::vector<std::string> secrets) {
  if (secrets.empty()) return;
  const std::lock_guard guard(mutex_);
  open_[id].secrets = std::move(secrets);
}

void OperationLogs::close(const OperationId& id) {
  const std::lock_guard guard(mutex_);
  open_.erase(id);
}

LogText OperationLogs::read(const OperationId& id, std::int64_t offset,
                            std::size_t bytes_max) const {
  LogText found{"", std::max<std::int64_t>(offset, 0)};
  const auto head = file_of(id, head_suffix);
  if (head.empty()) return found;
  const auto tail = file_of(id, tail_suffix);
  const std::lock_guard guard(mutex_);
  const auto layout = layout_of(head, tail);
  const auto at = static_cast<std::uintmax_t>(found.next_offset);
  const auto tail_from = layout.head + layout.left_out;
  if (at < layout.head) {
    found.text = read_part(head, at, std::min<std::uintmax_t>(bytes_max, layout.head - at));
    keep_whole_lines(found.text);
    found.next_offset += static_cast<std::int64_t>(found.text.size());
  } else if (at < tail_from) {
    found.text = gap_line(layout.left_out);
    found.next_offset = static_cast<std::int64_t>(tail_from);
  } else if (at < tail_from + layout.tail) {
    found.text = read_part(tail, layout.tail_at + (at - tail_from), bytes_max);
    keep_whole_lines(found.text);
    found.next_offset += static_cast<std::int64_t>(found.text.size());
  }
  return found;
}

std::vector<std::string> OperationLogs::tail(const OperationId& id, std::size_t lines_max) const {
  std::vector<std::string> lines;
  const auto head = file_of(id, head_suffix);
  if (head.empty()) return lines;
  std::string text;
  {
    const std::lock_guard guard(mutex_);
    for (const auto& file : {head, file_of(id, tail_suffix)}) {
      const auto size = size_of(file);
      if (size == 0) continue;
      const auto bytes = std::min<std::uintmax_t>(size, tail_read_bytes);
      std::string part = read_part(file, size - bytes, bytes);
      if (bytes < size) part.erase(0, part.find('\n') + 1);
      const auto no_gap = gap_line(0);
      if (part.starts_with(no_gap)) part.erase(0, no_gap.size());
      text += part;
    }
  }
  keep_whole_lines(text);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (lines.size() > lines_max) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(lines_max));
  }
  return lines;
}

void OperationLogs::remove(const OperationId& id) {
  const auto head = file_of(id, head_suffix);
  if (head.empty()) return;
  const std::lock_guard guard(mutex_);
  open_.erase(id);
  std::error_code ec;
  for (const char* suffix : {head_suffix, tail_suffix, result_suffix}) {
    fs::remove(file_of(id, suffix), ec);
  }
  fs::remove(head.parent_path(), ec);  // the month, once it is empty
}

bool OperationLogs::write_result(const OperationId& id, const std::string& json) const {
  const auto file = file_of(id, result_suffix);
  if (file.empty()) return false;
  return make_directories(file.parent_path()) && write_file_atomic(file, json);
}

std::optional<std::string> OperationLogs::read_result(const OperationId& id) const {
  const auto file = file_of(id, result_suffix);
  if (file.empty()) return std::nullopt;
  auto text = read_file(file);
  if (!text) return std::nullopt;
  return *std::move(text);
}

}  // namespace hub::operations
