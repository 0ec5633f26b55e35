#include "cli/interruptions.hpp"

namespace hub::cli {
namespace {

constexpr int exit_of_signals = 128;
constexpr const char* question =
    "Leave it running (l), cancel it (c), or go on watching (g)? Ctrl-C again leaves.";

}  // namespace

Interruptions::Interruptions(HttpSession& session, WatchScreen& screen, const Console& console,
                             Question asked)
    : session_(session), screen_(screen), question_(asked) {
  session_.listen_to(signals_.descriptor(), [this] { return on_signal(); });
  if (!console.asks || !screen_.is_live()) return;
  keys_.emplace();
  session_.listen_to(Keys::descriptor(), [this] { return on_key(); });
}

Interruptions::~Interruptions() {
  session_.ignore(signals_.descriptor());
  if (keys_) session_.ignore(Keys::descriptor());
}

int Interruptions::exit_code() const { return exit_of_signals + (signal_ ? signal_ : SIGINT); }

void Interruptions::ended() {
  asking_ = false;
  screen_.ask({});
}

GoOn Interruptions::on_signal() {
  for (int signal = signals_.take(); signal != 0; signal = signals_.take()) {
    switch (signal) {
      case SIGWINCH: screen_.soiled(); break;
      case SIGCONT: screen_.moved(); break;
      case SIGTSTP: stop_until_continued(); break;
      case SIGINT:
        screen_.soiled();  // the terminal has echoed ^C
        if (keys_ && question_ == Question::leave_or_cancel && !asking_) {
          asking_ = true;
          screen_.ask(question);
          break;
        }
        [[fallthrough]];
      default:
        signal_ = signal;
        decision_ = Decision::leave;
        return GoOn::no;
    }
  }
  return GoOn::yes;
}

GoOn Interruptions::on_key() {
  for (char key = keys_->take(); key != 0; key = keys_->take()) {
    if (!asking_) continue;
    switch (key) {
      case 'l':
      case 'L':
        signal_ = SIGINT;
        decision_ = Decision::leave;
        return GoOn::no;
      case 'c':
      case 'C':
        decision_ = Decision::cancel;
        ended();
        return GoOn::no;
      case 'g':
      case 'G':
      case '\n':
      case '\x1b': ended(); break;
      default: break;
    }
  }
  return GoOn::yes;
}

// Ctrl-Z: the shell gets the terminal as it was.
void Interruptions::stop_until_continued() {
  if (keys_) keys_->pause();
  ::raise(SIGSTOP);
  if (keys_) keys_->resume();
  // SIGCONT waits to be read, and draws the screen again.
}

}  // namespace hub::cli
