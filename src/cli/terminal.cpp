#include "cli/terminal.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <system_error>

#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace hub::cli {
namespace {

constexpr int columns_min = 10;
// What lies between is shown at once by terminals that know this mode, the others ignore it.
constexpr std::string_view begin_frame = "\x1b[?2026h";
constexpr std::string_view end_frame = "\x1b[?2026l";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Glyphs glyphs_of_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    auto value = environment(name);
    if (value.empty()) continue;
    std::ranges::transform(value, value.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const bool utf8 =
        value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
    return utf8 ? Glyphs::unicode : Glyphs::ascii;
  }
  return Glyphs::ascii;
}

}  // namespace

Console find_console() {
  Console console;
  const auto kind = environment("TERM");
  console.redraws = ::isatty(STDOUT_FILENO) == 1 && !kind.empty() && kind != "dumb";
  // In the background a change of the terminal's modes would stop us.
  console.asks =
      console.redraws && ::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
  if (console.redraws && environment("NO_COLOR").empty()) console.colours = Colours::yes;
  console.glyphs = glyphs_of_locale();
  return console;
}

ScreenSize screen_size() {
  ScreenSize size;
  winsize found{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) == 0) {
    if (found.ws_col > 0) size.columns = std::max<int>(found.ws_col, columns_min);
    if (found.ws_row > 0) size.rows = found.ws_row;
  }
  return size;
}

void write_out(std::string_view text) {
  std::cout << std::flush;
  while (!text.empty()) {
    const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) {
      // The reader has seen enough ("… | head"): end as any program in a pipe does.
      std::signal(SIGPIPE, SIG_DFL);
      ::raise(SIGPIPE);
    }
    if (written < 0) throw std::system_error(errno, std::generic_category(), "cannot write output");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string LiveArea::back_to_start() const {
  if (widths_.empty()) return "\r";
  // A screen that became narrower has wrapped what is on it.
  const int columns = screen_size().columns;
  int rows = 0;
  for (const int width : widths_) rows += std::max(1, (width + columns - 1) / columns);
  std::string out = "\r";
  if (rows > 1) out += "\x1b[" + std::to_string(rows - 1) + "A";
  return out;
}

void LiveArea::show(const Lines& staying, const Lines& live) {
  std::string drawing;
  for (std::size_t i = 0; i < live.size(); ++i) {
    drawing += (i == 0 ? "" : "\r\n") + live[i].text(colours_);
  }
  if (staying.empty() && drawing == drawn_ && !soiled_) return;
  // Erased first, not to the end of each line: cells that were erased behind a text count as text
  // when some terminals wrap a narrower screen.
  std::string out(begin_frame);
  out += back_to_start() + "\x1b[J";
  for (const auto& line : staying) out += line.text(colours_) + "\r\n";
  write_out(out + drawing + std::string(end_frame));
  drawn_ = std::move(drawing);
  soiled_ = false;
  widths_.clear();
  for (const auto& line : live) widths_.push_back(line.width());
}

void LiveArea::finish() {
  if (!drawn_.empty() || soiled_) show({}, {});
}

Signals::Signals() {
  sigset_t ours;
  sigemptyset(&ours);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH}) {
    sigaddset(&ours, signal);
  }
  pthread_sigmask(SIG_BLOCK, &ours, &before_);
  descriptor_ = ::signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor_ < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot listen to signals");
  }
}

Signals::~Signals() {
  while (take() != 0) {
  }  // what came while we left must not end the process now
  ::close(descriptor_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int Signals::take() {
  signalfd_siginfo info{};
  if (::read(descriptor_, &info, sizeof info) != sizeof info) return 0;
  return static_cast<int>(info.ssi_signo);
}

Keys::Keys() {
  ::tcgetattr(STDIN_FILENO, &before_);
  resume();
}

Keys::~Keys() { pause(); }

int Keys::descriptor() { return STDIN_FILENO; }

char Keys::take() {
  char key = 0;
  // In this mode a read without a key returns at once.
  return ::read(STDIN_FILENO, &key, 1) == 1 ? key : '\0';
}

void Keys::pause() {
  if (!ours_) return;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  ours_ = false;
}

void Keys::resume() {
  if (ours_) return;
  termios mode = before_;
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  mode.c_cc[VMIN] = 0;
  mode.c_cc[VTIME] = 0;
  ours_ = ::tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) == 0;
}

}  // namespace hub::cli
