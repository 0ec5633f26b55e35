#pragma once
// Text for terminals: how wide it is, cut to a width, without anything that could steer a terminal.
// Pure functions over UTF-8. Widths are columns, as utf8proc counts them: a Chinese character
// takes two, a combining accent none.

#include <string>
#include <string_view>
#include <vector>

namespace hub::cli {

// Valid UTF-8 on one line: control characters (a terminal would obey them) and marks that turn the
// direction of what follows become spaces, broken bytes become U+FFFD, runs of spaces one space.
std::string printable(std::string_view text);

// The same of text with lines, such as a log: line ends, tabs and indentation stay.
std::string printable_lines(std::string_view text);

int width_of(std::string_view text);

// At most so many columns; what is cut off is replaced by an ellipsis. Never splits a character
// from its accents.
std::string cut(std::string_view text, int columns);

// Lines of at most so many columns, broken at spaces where there are some.
std::vector<std::string> wrapped(std::string_view text, int columns);

// ---- lines with colours

enum class Paint { none, good, bad, warning, busy, dim, strong };
enum class Colours { no, yes };
enum class Glyphs { ascii, unicode };  // what marks and bars are drawn with

struct Span {
  std::string text;
  Paint paint = Paint::none;
};

// One line on a screen, made of painted pieces. A value.
class Line {
 public:
  Line() = default;
  explicit Line(std::string text, Paint paint = Paint::none) { add(std::move(text), paint); }
  Line& add(std::string text, Paint paint = Paint::none);
  Line& add(const Line&);
  // Spaces up to this column; at least one when something is there already.
  Line& to_column(int column);
  int width() const;
  Line cut_to(int columns) const;
  std::string text(Colours) const;

 private:
  std::vector<Span> spans_;
};

using Lines = std::vector<Line>;

// Each line with a line end.
std::string text_of(const Lines&, Colours);

}  // namespace hub::cli
