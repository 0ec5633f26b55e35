#pragma once
// The terminal under us, if there is one: what it can do, lines redrawn in place, single keys,
// signals as things to read. Nothing here knows what an operation is.

#include <csignal>

#include <termios.h>

#include "cli/text.hpp"

namespace hub::cli {

// What standard output and input are.
struct Console {
  bool redraws = false;  // a terminal that understands cursor movements
  bool asks = false;     // it redraws, and standard input is that terminal, and ours
  Colours colours = Colours::no;
  Glyphs glyphs = Glyphs::ascii;
};

// Colours: a terminal, and no NO_COLOR. Characters beyond ASCII: the locale is a UTF-8 one.
Console find_console();

struct ScreenSize {
  int columns = 80, rows = 24;
};
ScreenSize screen_size();

// Lines at the bottom of the screen that change in place; lines that stay go above them. Everything
// of one change is written at once, and only when something differs, so that nothing flickers.
// Leaves the cursor where a shell can go on once finish() was called.
class LiveArea {
 public:
  explicit LiveArea(Colours colours) : colours_(colours) {}

  // Lines must be narrower than the screen.
  void show(const Lines& staying, const Lines& live);
  // Somebody may have written over it (an echoed ^C, a resized screen): draw again.
  void soiled() { soiled_ = true; }
  // The cursor is elsewhere, below what others have written: begin anew there.
  void moved() {
    widths_.clear();
    soiled_ = true;
  }
  void finish();  // takes the live lines away

 private:
  std::string back_to_start() const;
  Colours colours_;
  std::string drawn_;
  std::vector<int> widths_;  // of the lines on the screen
  bool soiled_ = false;
};

// Signals of this process, read one by one. Made before other threads; the former mask comes back
// with its end.
class Signals {
 public:
  Signals();  // SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  int descriptor() const { return descriptor_; }
  int take();  // 0: none is there

 private:
  sigset_t before_{};
  int descriptor_ = -1;
};

// Standard input gives single keys, unechoed, as long as this lives and is not paused.
class Keys {
 public:
  Keys();
  ~Keys();
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;
  static int descriptor();
  char take();  // 0: none is there
  void pause();
  void resume();

 private:
  termios before_{};
  bool ours_ = false;
};

// All of it, to standard output, behind what streams have written.
void write_out(std::string_view text);

}  // namespace hub::cli
