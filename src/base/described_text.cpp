#include "base/described_text.hpp"

namespace hub {
namespace {

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const auto code = static_cast<unsigned char>(c);
  out += "\\u00";
  out += digits[code >> 4U];
  out += digits[code & 0xFU];
}

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_digits(std::string& out, unsigned number, unsigned width) {
  std::array<char, 10> digits{};
  for (unsigned at = width; at > 0; --at, number /= 10) {
    digits[at - 1] = static_cast<char>('0' + number % 10);
  }
  out.append(digits.data(), width);
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!needs_escape(text[at])) continue;
    out.append(text, begin, at - begin);
    append_escaped(out, text[at]);
    begin = at + 1;
  }
  out.append(text, begin).append(1, '"');
}

void append_time(std::string& out, Time time) {
  namespace chrono = std::chrono;
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{day};
  const auto year = static_cast<int>(date.year());
  if (year < 0 || year > 9999) return append_quoted(out, to_text(time));
  const auto part = [&out](auto number, unsigned width, char after) {
    append_digits(out, static_cast<unsigned>(number), width);
    out += after;
  };
  const chrono::hh_mm_ss clock{time - day};
  out += '"';
  part(year, 4, '-');
  part(static_cast<unsigned>(date.month()), 2, '-');
  part(static_cast<unsigned>(date.day()), 2, 'T');
  part(clock.hours().count(), 2, ':');
  part(clock.minutes().count(), 2, ':');
  part(clock.seconds().count(), 2, '.');
  part(clock.subseconds().count(), 3, 'Z');
  out += '"';
}

}  // namespace hub
