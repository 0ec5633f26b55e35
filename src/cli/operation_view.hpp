#pragma once
// Operations as a person reads them. Pure functions of what the hub answered, the time and the
// width of the screen; commands print what comes out, tests compare it with golden texts.

#include <map>

#include "cli/words.hpp"

namespace hub::cli {

struct View {
  static constexpr int unlimited = 1'000'000;
  Time now{};
  int columns = unlimited;  // no line is wider
  int rows = 25;            // of the screen; for what is redrawn in place
  Glyphs glyphs = Glyphs::unicode;
};

// ---- operations list

// Newest first, children under their parents. Empty: one sentence that says so.
Lines operation_table(std::span<const OperationState>, const View&);

// ---- operations show

struct Family {
  std::vector<OperationState> children;  // oldest first
};

// Everything: what, state, times, steps, error, warnings, links, the end of its log, what can be
// done.
Lines operation_details(const OperationState&, const Family&, const View&);

// ---- operations watch, in a terminal

// The bar of the only one that is watched: its title stands above.
Line live_line(const OperationState&, const ShortIds&, const View&);
// A line with a bar and a title for each, as many as the screen has room for.
Lines live_lines(std::span<const OperationState>, const ShortIds&, const View&);
// "━━━━━╸────": `columns` wide; an unknown progress is a block that moves with the time.
Line bar(std::optional<int> progress, int columns, const View&);
// "✓", "✗": one column.
std::string mark_of(StepStatus, Glyphs);

// ---- operations watch, line by line

// What is new about an operation since the last time it was told. A resource of one watch.
class Story {
 public:
  enum class Detail {
    everything,  // in a pipe: nothing else is shown
    landmarks    // above a live bar: what has ended, and warnings
  };
  // `prefix` goes before each line: the short id, when several are told.
  Story(Detail detail, Glyphs glyphs, std::string prefix = {});

  Lines tell(const OperationState&, const ShortIds&, Time now);

 private:
  void tell_status(const OperationState&, const ShortIds&, Lines&);
  void tell_steps(const OperationState&, Lines&);
  void tell_progress(const OperationState&, Time now, Lines&);
  void tell_end(const OperationState&, Lines&);
  Line line() const;

  Detail detail_;
  Glyphs glyphs_;
  std::string prefix_;
  std::optional<OperationStatus> status_;
  std::string waiting_;
  std::map<std::string, StepStatus> steps_;
  std::size_t warnings_ = 0;
  int progress_told_ = 0;
  Time progress_told_at_{};
};

// How it ended: what happened, the error and what to do, what is left. Nothing while it goes on.
Lines end_lines(const OperationState&);

// The error of an operation: code, step, message, hint, causes.
Lines error_lines(const OperationError&);

}  // namespace hub::cli
