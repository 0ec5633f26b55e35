#include "cli/watch_screen.hpp"

#include <iostream>

namespace hub::cli {

WatchScreen::WatchScreen(Shown shown, Scope scope, const Console& console, const Clock& clock)
    : shown_(shown), scope_(scope), console_(console), clock_(clock), area_(console.colours) {}

WatchScreen::~WatchScreen() {
  try {
    finish();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): see below
    // Nobody reads standard output any more; there is nothing to take away.
  }
}

View WatchScreen::view() const {
  View view;
  view.now = clock_.now();
  view.glyphs = console_.glyphs;
  if (is_live()) {
    const auto size = screen_size();
    view.columns = size.columns - 1;  // a full line would wrap in some terminals
    view.rows = size.rows;
  }
  return view;
}

Lines WatchScreen::live() const {
  if (finished_) return {};
  std::vector<OperationState> going;
  for (const auto& id : order_) {
    const auto& state = known_.at(id).state;
    if (!is_terminal(state.status)) going.push_back(state);
  }
  const auto seen = view();
  const bool alone = scope_ == Scope::one && order_.size() == 1;
  Lines lines;
  if (alone && !going.empty()) {
    lines.push_back(live_line(going.front(), ids_, seen));
  } else {
    lines = live_lines(going, ids_, seen);
  }
  if (!question_.empty()) {
    for (const auto& part : wrapped(question_, seen.columns)) {
      lines.emplace_back(part, Paint::strong);
    }
  } else if (!notice_.empty()) {
    lines.push_back(Line("  ").add(notice_, Paint::warning).cut_to(seen.columns));
  }
  return lines;
}

void WatchScreen::look_at(const Seen& seen) {
  const auto& id = seen.state.operation_id;
  const auto found = known_.find(id);
  const bool first = found == known_.end();
  if (shown_ == Shown::each_as_json) {
    const bool changed = first || found->second.state.revision != seen.state.revision ||
                         to_json(found->second.state) != to_json(seen.state);
    if (changed) write_out(boost::json::serialize(seen.raw) + "\n");
  }
  if (first) {
    const bool named = scope_ == Scope::several || !order_.empty();
    ids_.add(id);
    order_.push_back(id);
    const auto detail = is_live() ? Story::Detail::landmarks : Story::Detail::everything;
    known_[id].story =
        std::make_unique<Story>(detail, console_.glyphs, named ? ids_.of(id) : std::string());
  }
  auto& known = known_[id];
  known.state = seen.state;
  if (shown_ != Shown::for_people) return;
  const auto told = known.story->tell(seen.state, ids_, clock_.now());
  if (is_live()) {
    area_.show(told, live());
  } else if (!told.empty()) {
    write_out(text_of(told, Colours::no));
  }
}

void WatchScreen::say(const std::string& text, Paint paint) {
  if (is_live()) {
    Lines lines;
    for (const auto& part : wrapped(text, view().columns)) lines.emplace_back(part, paint);
    area_.show(lines, live());
  } else {
    std::cerr << text << '\n';
  }
}

void WatchScreen::notice(const std::string& text) {
  const bool begins = notice_.empty() && !text.empty();
  notice_ = text;
  if (is_live()) {
    redraw();
  } else if (begins) {
    std::cerr << text << '\n';
  }
}

void WatchScreen::ask(const std::string& question) {
  question_ = question;
  redraw();
}

void WatchScreen::redraw() {
  if (is_live()) area_.show({}, live());
}

void WatchScreen::soiled() {
  area_.soiled();
  redraw();
}

void WatchScreen::moved() {
  area_.moved();
  redraw();
}

void WatchScreen::finish() {
  finished_ = true;
  if (is_live()) area_.finish();
}

}  // namespace hub::cli
