#pragma once
// What a watch shows: in a terminal bars that change in place below lines that stay, in a pipe a
// line for each change, or states as JSON. A resource: owns standard output while it lives.

#include <map>

#include "cli/hub_client.hpp"
#include "cli/operation_view.hpp"
#include "cli/terminal.hpp"

namespace hub::cli {

enum class Shown {
  for_people,
  each_as_json,  // each change of a state as a line of JSON
  nothing        // the command prints the end itself
};

class WatchScreen {
 public:
  // `several`: lines say which operation they are about.
  enum class Scope { one, several };
  WatchScreen(Shown, Scope, const Console&, const Clock&);
  ~WatchScreen();
  WatchScreen(const WatchScreen&) = delete;
  WatchScreen& operator=(const WatchScreen&) = delete;

  bool is_live() const { return shown_ == Shown::for_people && console_.redraws; }

  // The latest of an operation: tells what is new. The first one is the one that is watched; others
  // come below it.
  void look_at(const Seen&);
  // Something about the watch itself: stays above the bars; in a pipe it goes to standard error.
  void say(const std::string& text, Paint = Paint::dim);
  // The same as long as it is true: the lowest line of the screen. Empty: nothing. In a pipe it is
  // said once.
  void notice(const std::string& text);
  void ask(const std::string& question);  // in place of the notice; empty: it is answered
  void redraw();                          // time has passed
  void soiled();                          // the screen has changed under us
  void moved();                           // we were stopped, and go on below what others wrote
  void finish();                          // takes bars and notices away, for good

 private:
  struct Known {
    OperationState state;
    std::unique_ptr<Story> story;
  };
  Lines live() const;
  View view() const;

  const Shown shown_;
  const Scope scope_;
  const Console console_;
  const Clock& clock_;
  LiveArea area_;
  std::vector<OperationId> order_;
  std::map<OperationId, Known> known_;
  ShortIds ids_;
  std::string notice_, question_;
  bool finished_ = false;
};

}  // namespace hub::cli
