#pragma once
// Ctrl-C, other signals and keys while a command waits for the hub. In a terminal the first Ctrl-C
// asks: leave, cancel or go on; the second one leaves. Elsewhere the first one leaves.

#include <functional>

#include "cli/http_session.hpp"
#include "cli/terminal.hpp"
#include "cli/watch_screen.hpp"

namespace hub::cli {

// What the user has decided. The session's waiting ends with "interrupted" when it is not `none`.
enum class Decision { none, leave, cancel };

class Interruptions {
 public:
  enum class Question { never, leave_or_cancel };
  Interruptions(HttpSession&, WatchScreen&, const Console&, Question);
  ~Interruptions();
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

  Decision decision() const { return decision_; }
  void reset() { decision_ = Decision::none; }  // it was carried out
  void ended();                                 // nothing is left to decide
  int exit_code() const;                        // once left: 128 and the signal

 private:
  GoOn on_signal();
  GoOn on_key();
  void stop_until_continued();

  HttpSession& session_;
  WatchScreen& screen_;
  const Question question_;
  Signals signals_;
  std::optional<Keys> keys_;
  bool asking_ = false;
  Decision decision_ = Decision::none;
  int signal_ = 0;
};

}  // namespace hub::cli
